"""What is private, and what that means for what belongs together: experiments on a private dataset and trials of a
private sweep are private as well (docs/decisions/0064)."""

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from typing import Any

from models_store.datasets.record import DatasetRecord
from models_store.errors import InvalidState, Newer, NotFound, list_names
from models_store.experiments.record import Record, Status
from models_store.store import Store
from models_store.sweeps.record import SweepRecord
from models_store.visibility import Privacy, seeing_everything
from specs.dataset import DATASETS
from specs.problem import quantity


def choose_privacy(store: Store, owner: str | None, wanted: bool | None, datasets: Iterable[str] = ()) -> bool:
    """Whether what `owner` creates on `datasets` is private: as is `wanted`, or else by default. Raises InvalidState if
    it cannot be, Damaged."""
    if wanted is not False and (private := _private_of(store, datasets)):
        return bool(private)
    if wanted is False:
        _reject_public(store, datasets)
    if owner is None:
        if wanted:
            raise InvalidState(
                "nothing is private on a service that asks for no keys; start it with TRAINYARD_AUTH=keys"
            )
        return False
    return store.quotas.owners.is_private(owner) if wanted is None else wanted


def check_experiment(store: Store, record: Record, private: bool) -> None:
    """Raises InvalidState if the experiment cannot become private, or stop being so."""
    if private == record.private:
        return
    _reject_nobodys(f"experiment {record.id}", record.owner)
    if record.sweep is not None and _exists(store, record.sweep):
        raise InvalidState(
            f'experiment {record.id} is a trial of sweep {record.sweep}; PATCH {{"private": ...}} to '
            f"/sweeps/{record.sweep} for all of them"
        )
    if private:
        _reject_serving(store, record)
    else:
        _reject_public(store, (record.dataset, *record.spec.dataset.added_names))


def change_sweep(store: Store, sweep_id: str, changes: Mapping[str, Any], private: bool | None = None) -> SweepRecord:
    """As `SweepStore.edit`, with the trials if it becomes private or public. Raises InvalidState with nothing changed;
    NotFound, Damaged, Busy, StorageFull."""
    if private is None:
        return store.sweeps.edit(sweep_id, changes)
    sweep = store.sweeps.get(sweep_id)
    if private != sweep.private:
        _check_sweep(store, sweep, private)
    changed = store.sweeps.edit(sweep_id, changes, private)
    # Also where it is so already: an earlier request may have ended among the trials.
    for trial in changed.trials:  # also those that were created meanwhile
        with suppress(NotFound):
            store.experiments.edit(trial.experiment_id or "", {"private": private})
    return changed


def _check_sweep(store: Store, sweep: SweepRecord, private: bool) -> None:
    _reject_nobodys(f"sweep {sweep.id}", sweep.owner)
    if not private:
        _reject_public(store, named_datasets(sweep.spec.experiment))
        return
    for each in sweep.trials:
        if (record := store.sweep_jobs.experiment(each)) is not None:
            _reject_serving(store, record)


def edit_dataset_privacy(store: Store, name: str, private: bool) -> None:
    """With what was collected for it, and to make it private, with all experiments and sweeps on both. Raises
    InvalidState if it is nobody's, others have some, or it was collected itself; NotFound, Damaged, Busy,
    StorageFull. At no time what was collected is shown and the dataset is not."""
    if name in DATASETS:
        raise InvalidState(f"{name} is built in, and everybody's")
    with store.datasets.lock(name), store.datasets.lock_collected(name) as collected:
        record = store.datasets.read(name)
        _reject_collected(store, record)
        _reject_nobodys(f"dataset {name}", record.owner)
        both = [record]
        if collected is not None and _follows(collected, record):
            # Nobody's while it is public: everybody corrects labels.
            both = [collected.model_copy(update={"owner": record.owner if private else None}), record]
        if private:
            store.experiments.holdout.hidden.check_unsealed(name)
            _hide_users(store, record, {each.name for each in both})
        for each in both if private else both[::-1]:
            _write(store, each, private)


def named_datasets(experiment: dict[str, Any]) -> list[str]:
    """Whatever may name a dataset in the document of an experiment with `$search` in it."""
    return list(_texts(experiment.get("dataset")))


def _write(store: Store, record: DatasetRecord, private: bool) -> None:
    """Only under its lock."""
    if record.private != private:
        store.datasets.write(record.replace(private=private))
        store.datasets.announce_reset()


def _follows(collected: DatasetRecord, record: DatasetRecord) -> bool:
    """Whether it is as private as the dataset that it was collected for, and not for an earlier one of that name."""
    return collected.collected_from == record.name and collected.owner in (None, record.owner)


def _reject_collected(store: Store, record: DatasetRecord) -> None:
    source = record.collected_from
    with suppress(NotFound):
        if source is not None and source not in DATASETS and _follows(record, store.datasets.get(source)):
            raise InvalidState(
                f"dataset {record.name} is as private as {source}, for which it was collected; PATCH "
                f'{{"private": ...}} to /datasets/{source} for both'
            )


def _hide_users(store: Store, record: DatasetRecord, names: Set[str]) -> None:
    """Those that use a dataset, or others of `names`, before it is private. No other is created while their locks are
    held, but trials."""
    with seeing_everything():
        experiments = [each for name in names for each in store.experiments.on_dataset(name)]
        sweeps = [each for each in store.sweeps.records() if not names.isdisjoint(named_datasets(each.spec.experiment))]
        everything: list[Record | SweepRecord] = [*experiments, *sweeps]
        others = sorted({each.id for each in everything if each.owner != record.owner})
    if others:
        used = quantity(len(others), "experiment or sweep of others uses", "experiments and sweeps of others use")
        raise InvalidState(
            f"dataset {record.name} cannot be private: {used} it: {list_names(store.experiments.named(others))}"
        )
    for each in experiments:
        if each.status is Status.NEWER:
            raise Newer(f"dataset {record.name} stays public: experiment {each.id} names it, and is not changed")
        if each.dataset != record.name:  # which would lose its model
            _reject_serving(store, each)
    for sweep in sweeps:
        store.sweeps.edit(sweep.id, {}, private=True)
    for each in experiments:
        with suppress(NotFound):
            store.experiments.edit(each.id, {"private": True})


def _private_of(store: Store, datasets: Iterable[str]) -> list[str]:
    return [each for each in datasets if store.datasets.privacy(each).private]


def _reject_public(store: Store, datasets: Iterable[str]) -> None:
    if private := _private_of(store, datasets):
        raise InvalidState(f"dataset {private[0]} is private, and so is what is trained on it; leave `private` out")


def _reject_nobodys(what: str, owner: str | None) -> None:
    if owner is None:
        raise InvalidState(f"{what} belongs to nobody, and is everybody's; only what has an owner can be private")


def _reject_serving(store: Store, record: Record) -> None:
    """Unless it would still be there for all who see the dataset."""
    if store.datasets.privacy(record.dataset) != Privacy(private=True, owner=record.owner):
        store.experiments.pins.reject_serving(record.id, record.dataset, serving=False)


def _exists(store: Store, sweep_id: str) -> bool:
    try:
        store.sweeps.get(sweep_id)
    except NotFound:
        return False
    return True


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)
