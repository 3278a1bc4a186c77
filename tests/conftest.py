"""The layers of the tests, the rule for skips in CI, and the fixtures of `tests/support`, for every test."""

pytest_plugins = [
    "tests.support.folders",
    "tests.support.garbage",
    "tests.support.layers",
    "tests.support.unit_layer",
    "tests.support.ci",
    "tests.support.examples",
    "tests.support.store",
    "tests.support.stored_versions",
    "tests.support.api",
    "tests.support.served_models",
    "tests.support.shared_service",
    "tests.support.provider",
]
