"""Experiments that count in the budget of an assignment."""

from models_store.errors import InvalidState, NotFound
from models_store.experiments.record import Record
from models_store.store import Store


def reject_budgeted(store: Store, record: Record) -> None:
    """Raises InvalidState while an experiment counts: deleting it would give somebody a budget back; Newer if it may
    count in an assignment of a newer version."""
    if record.owner is None:
        return
    _, at, class_name = record.owner.rpartition("@")
    if at:
        store.assignments.reject_newer(class_name, record.dataset)
    counting = store.assignments.counts_run(record, lambda name: _owners(name, store))
    if counting is not None:
        raise InvalidState(
            f"experiment {record.id} counts in the budget of assignment {counting.id} until its deadline, "
            f"{counting.deadline:%Y-%m-%d %H:%M} UTC; delete it then"
        )


def _owners(class_name: str, store: Store) -> list[str]:
    try:
        return [each.owner for each in store.classes.get(class_name).students]
    except NotFound:
        return []
