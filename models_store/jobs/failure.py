"""Why an attempt at a job has failed, or the job."""

from typing import Literal

from models_store.versions import Nested

FailureType = Literal[
    "diverged",
    "killed",
    "stalled",
    "time_budget",
    "disk_full",
    "disk_error",
    "dataset_unavailable",
    "weights_unavailable",
    "devices_unavailable",
    "out_of_memory",
    "export",
    "damaged",
    "newer",
    "internal",
]


class Failure(Nested):
    """`type` is for programs, `message` for people."""

    type: FailureType
    message: str
