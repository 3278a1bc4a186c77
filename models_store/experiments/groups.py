"""Groups: an experiment that is trained several times, with consecutive seeds."""

from collections.abc import Mapping
from contextlib import suppress

from ulid import ULID

from models_store.connection import require_redis
from models_store.errors import NotFound, StorageFull, StoreError
from models_store.experiments.places import RepeatId, repeat_ids
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.files import storage_errors
from specs.derived_name import seed_name
from specs.experiment import ExperimentSpec
from specs.repeats import repeat


class Groups:
    """A group has no record of its own: its id is that of its first experiment, and the ids of the others follow."""

    def __init__(self, experiments: ExperimentStore) -> None:
        self._experiments = experiments

    def create(
        self,
        spec: ExperimentSpec,
        repeats: int,
        idempotency_key: str | None,
        body: bytes,
        transferred_layers: Mapping[str, str],
        priority: int = 0,
        owner: str | None = None,
        private: bool = False,
    ) -> list[Record]:
        """Queue `repeats` experiments. The same key and body return the same ones, and create those that are missing
        because an earlier call was killed. Raises IdempotencyMismatch; StorageFull, with none left of those that it has
        created, but those that run already."""
        group = str(ULID())
        if idempotency_key is not None:
            with storage_errors("the idempotency key"):
                wanted = body + f"?repeats={repeats}".encode()
                group = self._experiments.idempotency.reserve(idempotency_key, wanted, group, owner)
        created: list[Record] = []
        known = {each for each in repeat_ids(group, repeats) if self._experiments.folder(each).is_dir()}
        try:
            for number, chosen in enumerate(repeat_ids(group, repeats)):
                member = RepeatId(group, repeats, chosen)
                one = repeat(spec, number)
                one = one.model_copy(update={"name": seed_name(spec.name, one.training.seed)})
                record = self._experiments.create(
                    one,
                    transferred_layers=transferred_layers,
                    place=member,
                    priority=priority,
                    owner=owner,
                    private=private,
                )
                created.append(record)
        except StorageFull:
            for record in created:
                if record.id not in known:
                    with suppress(StoreError):
                        self._experiments.delete(record.id)
            raise
        return created

    def members(self, group: str) -> list[Record]:
        """Those that exist, by seed. Raises NotFound if there are none, Unavailable if Redis cannot be reached."""
        with require_redis():
            index = self._experiments.index
            index.require_complete()
            found = index.get_many(sorted(index.ids(f"group={group}")))
        if not found:
            raise NotFound(f"group {group[:50]!r} not found; POST /experiments?repeats=5 makes one")
        return found
