"""Everything is used while everything is killed; and the inspection finds what is wrong."""

from pathlib import Path

import orjson
import pytest

from tests.chaos.inspection import broken_promises
from tests.chaos.ledger import Ledger
from tests.chaos.trial import ChaosTrial
from tests.support.service import Service

DISTURBANCES = 6


@pytest.mark.timeout(1800)  # all of it waits for conditions
def test_disturbed_service_keeps_its_promises(tmp_path: Path) -> None:
    report = ChaosTrial(tmp_path, seed=0, seconds=float("inf"), disturbances=DISTURBANCES).run()
    assert report.promises_broken == []
    assert (report.done.total(), len(report.recoveries)) == (DISTURBANCES, DISTURBANCES)
    assert report.accepted > 0
    assert report.answers["200"] > 0


def test_inspection_finds_what_is_wrong(service: Service, tiny_document: dict[str, object]) -> None:
    ledger = Ledger()
    doubled, damaged, lost = (service.post({**tiny_document, "name": name}) for name in ("one", "one", "other"))
    for each in (doubled, damaged, lost):
        service.wait_for_end(each)
        ledger.accept(each, "one")
    assert service.http.delete(f"/experiments/{lost}?force=true").status_code == 204
    folder = service.store / "experiments" / damaged
    (folder / "artifacts" / "model.keras").write_bytes(b"")
    with (folder / "history.jsonl").open("ab") as history:
        history.write(orjson.dumps({"epoch": 0}) + b"\n")
    (folder / "half.tmp").touch()
    ledger.saw(doubled, "succeeded")
    ledger.saw(doubled, "running")

    broken = broken_promises(service, ledger)
    assert {each.kind for each in broken} == {"lost", "doubled", "unsound", "left"}
    found = " | ".join(each.sentence for each in broken)
    assert f"experiment {lost} was accepted and is lost" in found
    assert "'one' was created 2 times" in found
    assert f"experiment {damaged} is succeeded and has the epochs [0, 1, 0] of 2" in found
    assert f"experiment {damaged} is published and damaged" in found
    assert "half.tmp" in found
    assert f"experiment {doubled} was succeeded, then running" in found
