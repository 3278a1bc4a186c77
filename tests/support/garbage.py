"""Keeps what test modules import from the garbage collector, which would search TensorFlow's million objects again and
again: half the time that collecting the tests takes, a quarter of the time of those that trace networks."""

import gc
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
