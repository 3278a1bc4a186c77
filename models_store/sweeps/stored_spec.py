"""The spec of a sweep, as it is stored."""

from models_store.versions import KEEPING
from specs.sweep import Repeats, StopEarly, SweepSpec


class StoredStopEarly(StopEarly):
    model_config = KEEPING


class StoredRepeats(Repeats):
    model_config = KEEPING


class StoredSweepSpec(SweepSpec):
    """As it was posted, with all defaults. What a later release has added is kept, and written again."""

    model_config = KEEPING

    stop_early: StoredStopEarly | None = None
    repeats: StoredRepeats | None = None

    @classmethod
    def of(cls, spec: SweepSpec) -> "StoredSweepSpec":
        return cls.model_validate(spec.model_dump())
