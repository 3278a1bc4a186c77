"""`trainyard class` and `trainyard comment`."""

import json
import re
from pathlib import Path

import pytest

from api.openapi import recorded_examples
from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run
from trainyard.cli.key_cards import address_for_students

EXAMPLES = recorded_examples()


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "names.csv").write_bytes(b"Name\nAnn <b>\nBob\n")
    return "names.csv"


def test_created_class_is_a_page_of_cards(
    api: CannedApi, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = EXAMPLES["create_class"]
    made = {**made, "keys": [{**made["keys"][0], "name": "Ann <b>"}, made["keys"][1]]}
    api.on("POST", "/classes", Answer(made, 201))

    assert run("class", "create", "biology-7b", "--students", table, "--address", "http://10.0.0.5:8000") == 0

    (request,) = api.requests("POST", "/classes")
    assert json.loads(request.body) == {"name": "biology-7b", "students": ["Ann <b>", "Bob"]}
    page = tmp_path / "biology-7b.html"
    text = page.read_text()
    assert text.count("<section>") == text.count("data:image/svg+xml") == 2
    assert "Ann &lt;b&gt;" in text
    assert all(each["key"] in text for each in made["keys"])
    assert "http://10.0.0.5:8000" in text
    # Nothing is loaded from anywhere, and nobody else reads the keys.
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert page.stat().st_mode & 0o077 == 0
    assert "has 2 cards" in capsys.readouterr().out


def test_existing_page_is_kept(api: CannedApi, table: str, tmp_path: Path) -> None:
    (tmp_path / "biology-7b.html").write_text("mine")

    assert run("class", "create", "biology-7b", "--students", table) == 2

    assert (tmp_path / "biology-7b.html").read_text() == "mine"
    assert api.requests("POST", "/classes") == []


def test_students_are_added_and_removed(api: CannedApi, table: str, tmp_path: Path) -> None:
    api.on("POST", "/classes/biology-7b/students", Answer(EXAMPLES["create_students"], 201))
    api.on("DELETE", "/classes/biology-7b/students/cem", Answer(EXAMPLES["delete_student"]))
    api.on("POST", "/classes/biology-7b/students/ann/key", Answer(EXAMPLES["create_student_key"], 201))
    api.on("DELETE", "/classes/biology-7b", Answer(b"", 204))

    assert run("class", "add", "biology-7b", "--students", table) == 0
    assert run("class", "key", "biology-7b", "ann") == 0
    assert run("class", "remove", "biology-7b", "cem") == 0
    assert run("class", "delete", "biology-7b") == 0

    assert {each.name for each in tmp_path.glob("*.html")} == {"biology-7b-added.html", "biology-7b-ann.html"}


def test_class_is_shown(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/classes", Answer(EXAMPLES["list_classes"]))
    api.on("GET", "/classes/biology-7b", Answer(EXAMPLES["get_class"]))
    api.on("GET", "/classes/biology-7b/progress", Answer(EXAMPLES["get_progress"]))

    assert run("class") == run("class", "show", "biology-7b") == run("class", "progress", "biology-7b") == 0

    printed = capsys.readouterr().out
    assert "ann@biology-7b" in printed
    assert "has started nothing yet" in printed or "no problem in the last one" in printed


def test_reports_are_written(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    students = EXAMPLES["get_class"]["students"]
    api.on("GET", "/classes/biology-7b", Answer(EXAMPLES["get_class"]))
    for each in students:
        path = f"/classes/biology-7b/students/{each['handle']}/report.html"
        api.on("GET", path, Answer(f"<h1>{each['name']}".encode()))

    assert run("class", "reports", "biology-7b", "--to", str(tmp_path / "reports")) == 0

    written = {each.stem: each.read_text() for each in (tmp_path / "reports").iterdir()}
    assert written == {each["handle"]: f"<h1>{each['name']}" for each in students}
    assert f"{len(students)} report" in capsys.readouterr().out


def test_unknown_class_has_status_3(api: CannedApi) -> None:
    api.on("GET", "/classes/none", problem(404, "class 'none' not found"))
    assert run("class", "show", "none") == 3


def test_comment_is_sent_and_shown(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    path = f"/experiments/{samples.ID}/comments"
    api.on("POST", path, Answer(EXAMPLES["create_comment"], 201))
    api.on("GET", path, Answer(EXAMPLES["list_comments"]))

    assert run("comment", samples.ID, "Why?") == 0

    (request,) = api.requests("POST", path)
    assert json.loads(request.body) == {"text": "Why?"}
    assert EXAMPLES["list_comments"]["items"][0]["text"] in capsys.readouterr().out


@pytest.mark.parametrize("url", ["http://192.168.1.5:8000", "https://school.example.org", "http://[fd00::5]:8000"])
def test_address_in_the_network_stays(url: str) -> None:
    assert address_for_students(url) == url


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000"])
def test_loopback_becomes_an_address_of_the_machine(url: str) -> None:
    assert re.fullmatch(r"http://[^/]+:8000", address_for_students(url))
