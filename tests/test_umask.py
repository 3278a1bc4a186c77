"""Who may read what API and workers write, however they were started."""

import os
from collections.abc import Callable

import pytest

import api.app
import worker.app
from models_store.files import PRIVATE_UMASK
from settings import Settings


@pytest.mark.parametrize("create_app", [api.app.create_app, worker.app.create_app])
def test_others_read_nothing_that_is_written(create_app: Callable[[Settings], object], settings: Settings) -> None:
    before = os.umask(0o022)
    try:
        create_app(settings)
    finally:
        found = os.umask(before)
    assert found == PRIVATE_UMASK
