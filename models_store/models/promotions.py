"""Promotions: which model has served a dataset since when, and why; one file per dataset."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from models_store.files import lock_folder, write_atomic
from models_store.frozen import Frozen, utc_now
from models_store.visibility import Privacy

# As many as a page shows; the oldest go.
MAX_PROMOTIONS = 100
_SUFFIX = ".promotions.jsonl"

Reason = Literal["pinned", "best", "fallback", "none"]


class Promotion(Frozen):
    """From `at` on the model of `experiment_id` served `dataset`: it was `pinned`, or the `best` by its validation
    accuracy; as a `fallback` for one that should serve and is damaged; `none` could serve, and `experiment_id` is null.
    The other members are those of its experiment at that time, which may be deleted; `private` and `owner` are those of
    a private dataset."""

    dataset: str
    at: datetime = Field(default_factory=utc_now)
    reason: Reason
    experiment_id: str | None
    name: str | None = None
    val_accuracy: float | None = None
    accuracy: float | None = None
    private: bool = False
    owner: str | None = None

    @property
    def privacy(self) -> Privacy:
        return Privacy(self.private, self.owner)


class Promotions:
    """`<dataset>.promotions.jsonl` in `folder`, a line for each of the last hundred.

    Every change is made under the folder's lock. Safe for any number of threads, processes and machines.
    """

    def __init__(
        self, folder: Path, announce: Callable[[Promotion], AbstractContextManager[None]] = lambda _: nullcontext()
    ) -> None:
        """`announce` holds while the promotion is written."""
        self._folder = folder
        self._announce = announce

    def add(self, promotion: Promotion) -> bool:
        """Append it, unless it is what the last one says, as that of another process. Raises Busy, StorageFull."""
        with lock_folder(self._folder):
            known = self.read(promotion.dataset)
            if known and _is_same(known[-1], promotion):
                return False
            kept = [*known, promotion][-MAX_PROMOTIONS:]
            lines = (each.model_dump_json() + "\n" for each in kept)
            with self._announce(promotion):
                write_atomic(self._path(promotion.dataset), "".join(lines).encode())
        return True

    def read(self, dataset: str) -> list[Promotion]:
        """The oldest first. Lines that do not parse are left out."""
        try:
            lines = self._path(dataset).read_bytes().splitlines()
        except FileNotFoundError:
            return []
        return [promotion for line in lines if (promotion := _parse(line)) is not None]

    def read_all(self) -> list[Promotion]:
        """Those of all datasets, the oldest first."""
        names = [path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"[!.]*{_SUFFIX}")]
        return sorted((each for name in names for each in self.read(name)), key=lambda each: (each.at, each.dataset))

    def _path(self, dataset: str) -> Path:
        return self._folder / f"{dataset}{_SUFFIX}"


def _is_same(one: Promotion, other: Promotion) -> bool:
    return (one.experiment_id, one.reason) == (other.experiment_id, other.reason)


def _parse(line: bytes) -> Promotion | None:
    try:
        return Promotion.model_validate_json(line)
    except ValidationError:
        return None
