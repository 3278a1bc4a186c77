"""Each test has a Keras of its own, so that layers are named as in a fresh trainer."""

import keras
import pytest


@pytest.fixture(autouse=True)
def fresh_keras() -> None:
    keras.utils.clear_session()
