import re
from pathlib import Path

from models_store.experiments.log import LOG_FILE, append_line, read_log


def test_lines_are_appended_with_their_time(tmp_path: Path) -> None:
    append_line(tmp_path, "first")
    append_line(tmp_path, "second")
    times = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(f"{times} INFO first\n{times} INFO second\n", read_log(tmp_path))


def test_older_half_comes_first(tmp_path: Path) -> None:
    (tmp_path / LOG_FILE).write_bytes(b"new \xff\n")
    (tmp_path / f"{LOG_FILE}.1").write_text("old\n")
    assert read_log(tmp_path) == "old\nnew \ufffd\n"


def test_experiment_without_a_log_has_an_empty_one(tmp_path: Path) -> None:
    assert read_log(tmp_path) == ""
    append_line(tmp_path / "deleted", "lost")
    assert read_log(tmp_path / "deleted") == ""
