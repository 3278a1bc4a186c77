"""Machines whose clocks are wrong, or jump."""

from collections.abc import Callable
from functools import partial
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
    """The clocks of two workers are two hours apart, and change places; that of the API, which looks for abandoned
    runs, jumps as well: each run has one worker, no negative duration and one attempt."""
    service = make_service()
    clocks = {tmp_path / "early": "-1h", tmp_path / "late": "+1h", tmp_path / "api": "+1h"}
    start_worker = partial(service.start_worker, warm=False)
    starts: list[Callable[[], object]] = [start_worker, start_worker, service.start_api]
    for (clock, offset), start in zip(clocks.items(), starts, strict=True):
        set_clock(service, clock, offset)
        start()

    long_document = {**slow_document, "training": {**slow_document["training"], "epochs": EPOCHS}}
    runs = [service.post(long_document) for _ in service.workers]
    for each in runs:
        service.wait_for_epochs(each, 2)
    workers = {service.get(each)["worker"] for each in runs}
    for clock, offset in clocks.items():
        clock.write_text({"-1h": "+1h", "+1h": "-1h"}[offset])
    assert len(workers - {None}) == len(runs)
    for each in runs:
        service.wait_for_end(each)
        assert service.assert_sound(each, epochs=EPOCHS)["attempts"] == 1
        assert min(service.history(each)["seconds"]) > 0
