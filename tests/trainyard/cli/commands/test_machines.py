import json

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi
from tests.trainyard.cli.running import run, words

ID, OTHER = samples.ID, samples.OTHER_ID


def play(api: CannedApi, workers: samples.JsonObject, queue: samples.JsonObject) -> None:
    for path, answer in (("/workers", workers), ("/queue", queue), ("/disk", samples.DISK)):
        api.on("GET", path, Answer(answer))


def test_drain_names_a_worker_or_a_machine(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    busy = samples.worker(draining="finish", activities=[samples.activity(epoch=0, epochs=2)])
    idle = samples.worker(name="lab:8", draining="finish")
    api.on("POST", "/workers:drain", Answer(samples.items(busy, idle)))
    assert run("drain", "lab") == 0
    shown = words(capsys.readouterr().out)
    assert "drains: trains digits-cnn on digits, epoch 1/2" in shown[1]
    assert shown[2].endswith("drained")
    assert run("drain", "lab", "--give-back") == 0
    first, second = api.requests("POST", "/workers:drain")
    assert (first.query, second.query) == ({"name": "lab"}, {"name": "lab", "give_back": "true"})


def test_undone_drain_is_resumed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", "/workers:resume", Answer(samples.items(samples.worker())))
    assert run("drain", "lab:7", "--undo") == 0
    assert words(capsys.readouterr().out)[1].endswith("waits")
    [request] = api.requests("POST", "/workers:resume")
    assert request.query == {"name": "lab:7"}
    assert run("drain", "lab:7", "--undo", "--give-back") == 2


def test_machines_show_what_they_do(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    gpu = {"kind": "gpu", "name": "NVIDIA H200", "memory": {"used_bytes": 10**9, "total_bytes": 150_800_000_000}}
    doing = [samples.activity("evaluation"), samples.activity("conversion", dataset="own")]
    older = samples.worker(name="old:1", device=None, devices=None, cores=None, memory=None, trainer_bytes=None)
    workers = samples.items(
        samples.worker(activities=[samples.activity()]),
        samples.worker(name="gpu:1", device=gpu, devices=4, activities=doing),
        older,
    )
    running = samples.queued(id=OTHER, status="running", starts_in_seconds=0.0, ends_in_seconds=61.0)
    waiting = samples.queued(name="next", starts_in_seconds=61.0, ends_in_seconds=3725.0)
    queue = samples.queue(waiting, samples.queued(name="last"), running=(running,), more=5)
    play(api, workers, queue)

    assert run("machines") == 0
    assert words(capsys.readouterr().out) == [
        "worker device memory trainers does",
        "lab:7 AMD EPYC 7B13 2.6 GB of 8.2 GB 900 MB trains digits-cnn on digits, epoch 5/20",
        f"gpu:1 4 x NVIDIA H200 (1.0 GB of 151 GB) 2.6 GB of 8.2 GB 900 MB evaluates {ID} on digits; converts own",
        "old:1 waits",
        "",
        "experiment name dataset status priority starts in ends in",
        f"{OTHER} digits-cnn digits running 1 min 01 s",
        f"{ID} next digits queued 1 min 01 s 1 h 02 min",
        f"{ID} last digits queued unknown unknown",
        "and 5 more experiments in the queue",
        "",
        "disk 12.3 GB free of 64.0 GB",
        "store 1.2 GB: 850 MB experiments, 400 kB datasets",
        "deletes experiments older than 90 days, or while all take more than 20.0 GB",
        "2026-11-22T20:15:00Z: 2 experiments, 5.0 MB",
    ]


def test_machines_without_workers_say_so(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    play(api, samples.items(), samples.queue())
    assert run("machines") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:3] == ["no worker is alive: experiments wait until one starts", "", "no experiment runs or waits"]


def test_machines_as_json_are_three_answers(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    workers, queue = samples.items(samples.worker()), samples.queue(samples.queued())
    play(api, workers, queue)
    assert run("machines", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"workers": workers, "queue": queue, "disk": samples.DISK}
