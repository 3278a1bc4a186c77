"""Everything is used while everything is killed; and the inspection finds what is wrong."""

from collections import Counter
from pathlib import Path

import orjson
import pytest

from tests.chaos.inspection import broken_promises
from tests.chaos.ledger import Broken, Ledger
from tests.chaos.report import Report
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


def test_reports_of_several_trials_are_summed(tmp_path: Path) -> None:
    one = Report(3, 5, Counter({"worker killed": 2, "worker paused": 1}), Counter({"202": 3, "503": 1}), [1.0, 2.0])
    lost = Broken("lost", "experiment 1 was accepted and is lost")
    other = Report(1, 1, Counter({"Valkey emptied": 1}), Counter({"202": 1, "500": 2}), [3.0], [lost])
    for name, each in (("a", one), ("a", one), ("b", other)):
        each.append_to(tmp_path / name)

    total = Report.sum_of([tmp_path / "a", tmp_path / "b"])

    assert (total.accepted, total.kills, total.killed, total.server_errors, total.done.total()) == (7, 5, 11, 2, 7)
    assert total.recoveries == [1.0, 2.0, 1.0, 2.0, 3.0]
    assert total.promises_broken == [lost]
    assert "1 promises broken: lost 1, stuck 0," in total.lines()[4]


def test_inspection_finds_what_is_wrong(service: Service, tiny_document: dict[str, object]) -> None:
    ledger = Ledger()
    doubled, damaged, lost = (service.post({**tiny_document, "name": name}) for name in ("one", "one", "other"))
    for each in (doubled, damaged, lost):
        service.wait_for_end(each)
        ledger.accept(each, "one")
    assert service.ask("DELETE", f"/experiments/{lost}?force=true").status_code == 204
    folder = service.store / "experiments" / damaged
    (folder / "artifacts" / "model.keras").write_bytes(b"")
    with (folder / "history.jsonl").open("ab") as history:
        history.write(orjson.dumps({"epoch": 0}) + b"\n")
    (folder / "half.tmp").touch()
    ledger.saw(doubled, "succeeded")
    ledger.saw(doubled, "running")

    broken = broken_promises(service, ledger)
    assert {each.kind for each in broken} == {"lost", "doubled", "transition", "unsound", "left"}
    found = " | ".join(each.sentence for each in broken)
    assert f"experiment {lost} was accepted and is lost" in found
    assert "'one' was created 2 times" in found
    assert f"experiment {damaged} is succeeded and has the epochs [0, 1, 0] of 2" in found
    assert f"experiment {damaged} is published and damaged" in found
    assert "half.tmp" in found
    assert f"experiment {doubled} was succeeded, then running" in found
