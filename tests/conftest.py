"""Every test may ask for the fixtures of `tests/support`."""

pytest_plugins = ["tests.support.store", "tests.support.api", "tests.support.served_models"]
