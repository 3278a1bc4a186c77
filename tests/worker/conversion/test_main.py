import errno
import io
from pathlib import Path

import pytest

from archives.errors import InvalidArchive
from archives.member import Limits
from models_store.jobs.failure import Failure
from worker.conversion import __main__ as main
from worker.jobs.channel import Channel
from worker.jobs.messages import ConversionJob, Failed

JOB = ConversionJob(archive=Path("archive"), staged=Path("staged"), limits=Limits(1, 1, 1), max_pixels=1)


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (OSError(errno.ENOSPC, "of the system"), "disk_full", "disk full: "),
        (OSError(errno.EDQUOT, "of the system"), "disk_full", "disk full: "),
        (OSError(errno.EINVAL, "of the system"), "dataset_unavailable", "the archive cannot be read: "),
        (MemoryError(), "dataset_unavailable", "reading it takes more than 2,000,000,000 bytes"),
        (InvalidArchive("'../a' has '..' in its path"), "dataset_unavailable", "'../a' has '..' in its path"),
    ],
)
def test_error_of_conversion_is_reported(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, kind: str, reason: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(main, "convert", fail)
    event = main.run(JOB, Channel(io.BytesIO(), io.BytesIO()))

    assert isinstance(event, Failed)
    failure: Failure = event.failure
    assert (failure.type, failure.message.startswith(reason)) == (kind, True)
