"""What a training takes of a machine."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple, Self, cast, get_args

from models_store.errors import Damaged
from models_store.experiments.record import Record
from specs.dataset import Dataset
from specs.errors import SpecError
from specs.training import DeviceClass

_BYTES_PER_MB = 10**6
_NONE = "-"


class Needs(NamedTuple):
    """`devices` of one machine, and `memory_bytes` on each, by its estimate; `device` is the class that it insists on.
    Its text is `devices memory class`, in MB."""

    devices: int = 1
    memory_bytes: int = 0
    device: DeviceClass | None = None

    @classmethod
    def of(cls, record: Record) -> Self | None:
        """None if it is damaged. A record of version 0.2 has no estimate; `estimated` makes it."""
        try:
            training = record.spec.training
        except Damaged:
            return None
        return cls(training.devices, (record.memory_mb or 0) * _BYTES_PER_MB, training.device)

    @classmethod
    def estimated(cls, record: Record, datasets: Callable[[], Mapping[str, Dataset]]) -> Self | None:
        """The same, with the estimate that a record lacks; 0 if it can no longer be made. `datasets` returns the facts
        of all datasets, by name, and is called if need be."""
        needs = cls.of(record)
        if needs is not None and record.memory_mb is None:
            with suppress(SpecError):
                return needs._replace(memory_bytes=record.spec.parse(datasets()).memory_mb() * _BYTES_PER_MB)
        return needs

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None if another version wrote it."""
        devices, memory, device = [*text.split(), "", "", ""][:3]
        if not (devices.isdecimal() and memory.isdecimal() and device in (_NONE, *get_args(DeviceClass))):
            return None
        wanted = None if device == _NONE else cast(DeviceClass, device)
        return cls(int(devices), int(memory) * _BYTES_PER_MB, wanted)

    @classmethod
    def shown(cls, record: Record) -> str:
        """The text of those of one that waits and has an estimate; "" of others, so that disk is asked."""
        is_known = record.is_queued and record.memory_mb is not None
        return str(cls.of(record) or "") if is_known else ""

    def __str__(self) -> str:
        return f"{self.devices} {self.memory_bytes // _BYTES_PER_MB} {self.device or _NONE}"
