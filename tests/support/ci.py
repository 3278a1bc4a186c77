"""In CI (`CI=1`, which `.ci/run` sets) a test that would be skipped fails: what it needs has to be there."""

import os
from collections.abc import Generator
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
# Begins the reason of a skip that CI accepts: a container may not mount or trace, even with all tools installed.
NOT_PERMITTED = "not permitted here"


def skip_not_permitted(what: str) -> NoReturn:
    """Skip the test, in CI too, because the system does not permit `what`."""
    pytest.skip(f"{NOT_PERMITTED}: {what}")


def _fail_skipped(report: pytest.CollectReport | pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if not reason.startswith(NOT_PERMITTED):
            report.outcome = "failed"
            report.longrepr = f"would be skipped, which CI does not accept: {reason}"


if IN_CI:

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        _fail_skipped(report)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        _fail_skipped(report)
        return report
