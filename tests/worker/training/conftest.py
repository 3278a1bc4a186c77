"""Each test has a Keras of its own, so that layers are named as in a fresh trainer."""

import pytest


@pytest.fixture(autouse=True)
def fresh_keras() -> None:
    import keras

    keras.utils.clear_session()
