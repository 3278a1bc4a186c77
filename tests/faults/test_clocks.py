"""Machines whose clocks are wrong, or jump."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.requirements import needs_programs
from tests.support.service import Service

Document = dict[str, Any]
# So many that both runs go on while the test looks at them.
EPOCHS = 40
LIBRARY = "/usr/$LIB/faketime/libfaketime.so.1"


def set_clock(service: Service, clock: Path, offset: str) -> None:
    """Processes that are started from now on read their clock's offset from a file, which may change meanwhile."""
    clock.write_text(offset)
    service.environment |= {
        "LD_PRELOAD": LIBRARY,
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


@needs_programs("faketime")
def test_workers_with_wrong_clocks_are_not_robbed(
    make_service: Callable[..., Service], slow_document: Document, tmp_path: Path
) -> None:
    """The clocks of two workers are two hours apart, and change places: each run has one of them, no negative duration
    and one attempt."""
    service = make_service()
    service.start_api()
    clocks = tmp_path / "early", tmp_path / "late"
    for clock, offset in zip(clocks, ("-1h", "+1h"), strict=True):
        set_clock(service, clock, offset)
        service.start_worker(warm=False)

    long_document = {**slow_document, "training": {**slow_document["training"], "epochs": EPOCHS}}
    runs = [service.post(long_document) for _ in clocks]
    for each in runs:
        service.wait_for_epochs(each, 2)
    workers = {service.get(each)["worker"] for each in runs}
    for clock, offset in zip(clocks, ("+1h", "-1h"), strict=True):
        clock.write_text(offset)
    assert len(workers - {None}) == len(runs)
    for each in runs:
        service.wait_for_end(each)
        assert service.assert_sound(each, epochs=EPOCHS)["attempts"] == 1
        assert min(service.history(each)["seconds"]) > 0
