"""How property tests run: a fifth of the examples under `make test-fast`, which sets QUICK_EXAMPLES."""

import os

from hypothesis import HealthCheck, settings

_SHARE = 5
_NAME = "trainyard"


def examples(number: int) -> int:
    """`number`, or a fifth of it under `make test-fast`."""
    return max(1, number // _SHARE) if _is_quick() else number


def pytest_configure() -> None:
    """The same for tests that leave the number to Hypothesis. A busy machine fails none of them by the clock."""
    number = examples(settings().max_examples)
    settings.register_profile(_NAME, max_examples=number, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile(_NAME)


def _is_quick() -> bool:
    return bool(os.environ.get("QUICK_EXAMPLES"))
