import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run

PROGRESS = {"done": 3, "total": 9}
CONVERTING = samples.dataset(
    status="converting", classes=[], counts={}, warnings=[], record=samples.dataset_record(progress=PROGRESS)
)

ABSENT = problem(404, "no dataset own")


def test_folder_is_uploaded_and_waited_for(
    api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainyard.client.POLL_SECONDS", 0.0)
    for name in ("cat/1.png", "dog/1.png", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    api.on("POST", "/datasets", Answer(samples.dataset_record(), 202))
    api.on("GET", "/datasets/own", ABSENT, Answer(CONVERTING), Answer(samples.dataset()))

    assert run("datasets", "add", "own", str(tmp_path)) == 0

    (request,) = api.requests("POST", "/datasets")
    assert request.query == {"name": "own"}
    assert zipfile.ZipFile(io.BytesIO(request.body)).namelist() == ["cat/1.png", "dog/1.png"]
    printed = capsys.readouterr().out
    assert "own: ready, 8 x 8 x 3" in printed
    assert "cat: train 3, test 1" in printed
    assert "warning: uneven" in printed


def test_layout_and_encoding_are_sent(api: CannedApi, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    api.on("POST", "/datasets", Answer(samples.dataset_record(), 202))
    api.on("GET", "/datasets/own", ABSENT, Answer(samples.dataset()))

    assert run("datasets", "add", "own", str(tmp_path / "a.zip"), "--layout", "csv", "--names", "gbk") == 0
    (request,) = api.requests("POST", "/datasets")
    assert request.query == {"name": "own", "layout": "csv", "names": "gbk"}


def test_part_of_file_names_is_sent(api: CannedApi, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    api.on("POST", "/datasets", Answer(samples.dataset_record(), 202))
    api.on("GET", "/datasets/own", ABSENT, Answer(samples.dataset()))

    assert run("datasets", "add", "own", str(tmp_path / "a.zip"), "--field", "2") == 0
    (request,) = api.requests("POST", "/datasets")
    assert request.query == {"name": "own", "field": "2"}


@pytest.mark.parametrize("name", ["Flowers", "-a", "a b", "a" * 51, "größe", "../a"])
def test_invalid_name_is_found_before_packing(
    api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "no-end").symlink_to(tmp_path)

    assert run("datasets", "add", "--", name, str(tmp_path)) == 2
    assert f"{name[:60]!r} is not a valid dataset name" in " ".join(capsys.readouterr().err.split())
    assert api.requests("POST", "/datasets") == []


def test_what_is_not_in_the_dataset_is_shown(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    contents = {
        "classes": ["cat"],
        "counts": {"train": [1]},
        "image_shape": None,
        "sizes": [],
        "sizes_found": 0,
        "unreadable": [{"name": f"cat/{n}.png", "reason": "it is broken"} for n in range(100)],
        "unreadable_files": 120,
        "ignored": ["LICENSE", "a.txt", "b.txt", "c.txt"],
        "ignored_files": 4,
        "split_names": {"train": ["seg_train"]},
        "warnings": [],
        "bytes": 0,
    }
    document = samples.dataset(warnings=[], record=samples.dataset_record(status="ready", contents=contents))
    api.on("GET", "/datasets/own", Answer(document))

    assert run("datasets", "show", "own") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "train is seg_train" in lines
    assert "not readable: cat/0.png: it is broken" in lines
    assert "not readable: 100 more files" in lines
    assert "passed over, not images: LICENSE, a.txt, b.txt, ... (4)" in lines


def test_failed_conversion_exits_with_1(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    record = samples.dataset_record(status="failed", error="it is broken")
    api.on("POST", "/datasets", Answer(samples.dataset_record(), 202))
    api.on("GET", "/datasets/own", ABSENT, Answer({**CONVERTING, "status": "failed", "record": record}))

    assert run("datasets", "add", "own", str(tmp_path / "a.zip")) == 1
    assert "it is broken" in capsys.readouterr().out


@pytest.mark.parametrize("command", [("datasets",), ("datasets", "list")])
def test_datasets_are_listed(api: CannedApi, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]) -> None:
    document = samples.items(samples.dataset(), {**CONVERTING, "name": "late", "shape": None})
    api.on("GET", "/datasets", Answer(document))

    assert run(*command) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["own", "ready", "8", "x", "8", "x", "3", "2", "7", "0", "1"]
    assert lines[2] == ["late", "converting", "varies", "0", "0", "0", "0"]

    assert run(*command, "--json") == 0
    assert json.loads(capsys.readouterr().out) == document


def test_dataset_is_shown(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/datasets/own", Answer(CONVERTING))

    assert run("datasets", "show", "own") == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["own: converting, 8 x 8 x 3", "files read: 3"]


def test_dataset_in_use_is_not_deleted(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("DELETE", "/datasets/own", problem(409, "it is used"), Answer(status=204))
    assert run("datasets", "delete", "own") == 4
    assert "it is used" in capsys.readouterr().err
    assert run("datasets", "delete", "own") == 0
    assert capsys.readouterr().out == "own is deleted\n"


def test_test_results_are_hidden_and_revealed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    never = {
        "hidden": True,
        "hidden_at": "2026-11-23T08:00:00Z",
        "revealed_at": [],
        "peeks": 0,
        "peeked_experiments": 0,
    }
    api.on("PATCH", "/datasets/own", Answer(samples.dataset(test_split=never)))
    api.on("POST", "/datasets/own:reveal", Answer(samples.dataset()))

    assert run("datasets", "hide-test", "own") == 0
    assert run("datasets", "reveal-test", "own") == 0

    (request,) = api.requests("PATCH", "/datasets/own")
    assert json.loads(request.body) == {"hide_test": True}
    assert capsys.readouterr().out.splitlines() == [
        "test results are hidden since 2026-11-23T08:00:00Z",
        "test results were revealed 2026-11-22T20:15:00Z",
        "test results were looked at 3 times, of 2 experiments",
    ]


@pytest.mark.parametrize(("option", "private"), [("--private", True), ("--public", False)])
def test_dataset_changes_who_may_see_it(
    api: CannedApi, capsys: pytest.CaptureFixture[str], option: str, private: bool
) -> None:
    changed = samples.dataset(record={**samples.dataset_record(), "private": private})
    api.on("PATCH", "/datasets/own", Answer(changed))

    assert run("datasets", "edit", "own", option) == 0

    (request,) = api.requests("PATCH", "/datasets/own")
    assert json.loads(request.body) == {"private": private}
    assert (", private" in capsys.readouterr().out) is private


def test_edit_of_nothing_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("datasets", "edit", "own") == 2
    assert "--private" in capsys.readouterr().err


def test_upload_says_that_it_is_private(api: CannedApi, tmp_path: Path) -> None:
    archive = tmp_path / "own.zip"
    archive.write_bytes(b"an archive")
    api.on("POST", "/datasets", Answer(samples.dataset_record(), 202))
    api.on("GET", "/datasets/own", ABSENT, Answer(samples.dataset()))

    assert run("datasets", "add", "own", str(archive), "--private") == 0

    (request,) = api.requests("POST", "/datasets")
    assert request.query == {"name": "own", "private": "true"}
