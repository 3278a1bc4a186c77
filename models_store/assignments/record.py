"""An assignment, and a submission to it."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from ulid import ULID

from models_store.frozen import utc_now
from models_store.versions import KEEPING, Stored
from specs.assignment import AssignmentBudget, Metric

_SEED_BITS = 128


class StoredBudget(AssignmentBudget):
    """As it was posted. What a later release has added is kept, and written again."""

    model_config = KEEPING


class AssignmentRecord(Stored):
    """`base` is the whole spec, `dataset` its dataset, `class_numbers` the numbers of its classes there. `seed` draws
    which half of the test split is public; it leaves the store in no answer."""

    id: str = Field(default_factory=lambda: str(ULID()))
    class_name: str
    title: str
    task: str
    dataset: str
    class_numbers: tuple[int, ...] = ()
    base: Mapping[str, Any]
    may_change: tuple[str, ...]
    budget: StoredBudget
    deadline: datetime
    metric: Metric
    created_at: datetime = Field(default_factory=utc_now)
    seed: int = Field(default_factory=lambda: secrets.randbits(_SEED_BITS), repr=False)

    def is_closed(self, now: datetime) -> bool:
        return now >= self.deadline


class Submission(Stored):
    """`right` has a bit for each test sample, in hexadecimal: whether the network classified it correctly. It is kept
    here, so that a leaderboard does not change when an experiment is deleted."""

    id: str = Field(default_factory=lambda: str(ULID()))
    student: str
    experiment_id: str
    at: datetime = Field(default_factory=utc_now)
    right: str

    @classmethod
    def of(cls, student: str, experiment_id: str, right: NDArray[np.bool_]) -> "Submission":
        return cls(student=student, experiment_id=experiment_id, right=np.packbits(right).tobytes().hex())

    def answers(self, samples: int) -> NDArray[np.bool_]:
        """Whether each of the test samples was right, (samples,)."""
        packed = np.frombuffer(bytes.fromhex(self.right), dtype=np.uint8)
        return np.unpackbits(packed, count=samples).astype(bool)
