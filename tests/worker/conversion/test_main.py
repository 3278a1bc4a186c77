import errno

import pytest

from worker.conversion.__main__ import rejection


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "disk full"), (errno.EDQUOT, "disk full"), (errno.EINVAL, "cannot be read")]
)
def test_system_error_is_reported_as_rejection(number: int, said: str) -> None:
    assert said in rejection(OSError(number, "of the system")).reason
