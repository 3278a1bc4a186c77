"""Work in a forked child, which can be killed or stopped at each step that it takes towards the disk."""

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

KILLED = 9
STEPS = ("open", "write", "fsync", "ftruncate", "link", "mkdir", "rename", "replace", "unlink", "rmdir")


def in_child(work: Callable[[], object]) -> int:
    """Run `work` in a forked child, to its end. Return the child's exit status: 0, 1 after an error, or its own."""
    return exit_status(start_child(work))


def start_child(work: Callable[[], object]) -> int:
    """Run `work` in a forked child. Return its process id; wait for it with `exit_status`."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            # Nothing may get back into pytest in the child.
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def exit_status(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at_each_step(work: Callable[[], object]) -> Iterator[int]:
    """Run `work` in children, killed before step 1, before step 2, and so on, until one gets to its end.

    Yields after each death, with the number of the step.
    """
    step = 1
    while (status := in_child(partial(die_at, step, work))) == KILLED:
        yield step
        step += 1
    assert status == 0, f"the child that nobody killed ended with {status}"


def die_at(step: int, work: Callable[[], object]) -> None:
    """In a child: run `work`, and die before its step `step`."""
    _interrupt_at(step, lambda: os._exit(KILLED), work)


def stop_at(step: int, work: Callable[[], object]) -> None:
    """In a child: run `work`, and stop before its step `step` until SIGCONT."""
    _interrupt_at(step, lambda: os.kill(os.getpid(), signal.SIGSTOP), work)


def _interrupt_at(step: int, interrupt: Callable[[], object], work: Callable[[], object]) -> None:
    left = step

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                interrupt()
            return function(*arguments, **options)

        return call

    # In the child alone, which ends with it.
    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
    work()


def interrupted_at(step: int, work: Callable[[], object], meanwhile: Callable[[], object]) -> bool:
    """Run `work` in a child that is stopped before its step `step`, call `meanwhile`, and let the child get to its end.
    False if it got there without being stopped."""
    child = start_child(partial(stop_at, step, work))
    _, status = os.waitpid(child, os.WUNTRACED)
    was_stopped = os.WIFSTOPPED(status)
    if was_stopped:
        try:
            meanwhile()
        finally:
            os.kill(child, signal.SIGCONT)
            _, status = os.waitpid(child, 0)
    assert status == 0, f"the child ended with {os.waitstatus_to_exitcode(status)}"
    return was_stopped


@contextmanager
def holding(work: Callable[[Callable[[], None]], object]) -> Iterator[int]:
    """A child that calls `work(hold)`; `hold` never returns. The block begins when it holds; then the child is killed.

    Yields the child's process id.
    """
    ready, holds = os.pipe()

    def hold() -> None:
        os.write(holds, b"!")
        while True:
            signal.pause()

    child = start_child(lambda: work(hold))
    os.close(holds)
    try:
        assert os.read(ready, 1) == b"!", "the child ended before it held"
        yield child
    finally:
        os.close(ready)
        kill(child)


def kill(child: int) -> None:
    """SIGKILL a child and wait until it is gone; again is harmless."""
    try:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):
        return
