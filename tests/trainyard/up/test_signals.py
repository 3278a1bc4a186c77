import os
import signal
import subprocess
import time

import pytest

from tests.support.waiting import PATIENCE_SECONDS
from trainyard.up.signals import Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_stop_ends_the_wait(number: signal.Signals) -> None:
    with Signals() as signals:
        os.kill(os.getpid(), number)
        assert signals.wait(PATIENCE_SECONDS)


def test_exit_of_a_child_ends_the_wait() -> None:
    with Signals() as signals, subprocess.Popen(["true"]):
        began = time.monotonic()
        assert not signals.wait(PATIENCE_SECONDS)
        assert time.monotonic() - began < PATIENCE_SECONDS


def test_wait_without_signals_times_out() -> None:
    with Signals() as signals:
        assert not signals.wait(0.01)


def test_handlers_are_restored() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]
    with Signals():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)] == before


def test_ignored_hangup_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Signals():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
