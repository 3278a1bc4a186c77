"""Keeps unit tests without processes, and runs of unit tests alone (`-m unit`) without TensorFlow."""

import os
import sys
from collections.abc import Generator, Iterator
from importlib.abc import MetaPathFinder

import psutil
import pytest

from tests.support.layers import layer_of

_PROCESS_EVENTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"}
_unit_test: str | None = None
_started: list[str] = []


class LayerError(AssertionError):
    """A unit test does what its layer excludes."""


class _TensorFlowLock(MetaPathFinder):
    """Keeps TensorFlow out of a process that runs unit tests alone."""

    def find_spec(self, name: str, *_: object) -> None:
        if name in ("keras", "tensorflow"):
            if _unit_test is None:
                # The module that is being collected has no unit tests.
                pytest.skip(f"imports {name}", allow_module_level=True)
            raise LayerError(f"{_unit_test} imports {name}: mark it `integration`")


def _watch_processes(event: str, arguments: tuple[object, ...]) -> None:
    if _unit_test is not None and event in _PROCESS_EVENTS:
        _started.append(f"{_unit_test}: {event} {arguments!r:.200}")
        raise LayerError(f"{_unit_test} starts a process: mark it `processes`")


def _is_unit_run(config: pytest.Config) -> bool:
    return bool(config.option.markexpr == "unit")


def pytest_configure(config: pytest.Config) -> None:
    sys.addaudithook(_watch_processes)
    if _is_unit_run(config):
        sys.meta_path.insert(0, _TensorFlowLock())


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and _is_unit_run(collector.config):
        report.outcome, report.result = "passed", []
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    global _unit_test  # noqa: PLW0603 - the audit hook has no other way to know
    _unit_test = item.nodeid if layer_of(item) == "unit" else None
    try:
        return (yield)
    finally:
        _unit_test = None


@pytest.fixture(scope="session", autouse=True)
def unit_layer(request: pytest.FixtureRequest) -> Iterator[None]:
    """A run of unit tests alone ends without TensorFlow, children and attempts to start some."""
    yield
    if _is_unit_run(request.config):
        assert "tensorflow" not in sys.modules
        assert [child.cmdline() for child in psutil.Process(os.getpid()).children()] == []
        assert _started == []
