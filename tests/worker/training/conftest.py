"""Each test has a Keras of its own, so that layers are named as in a fresh trainer."""

import pytest


@pytest.fixture(autouse=True)
def fresh_keras() -> None:
    import keras

    # Collecting garbage, as by default, takes 4 s a test after thousands of others.
    keras.utils.clear_session(free_memory=False)
