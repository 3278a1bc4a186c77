import random

import pytest

from analysis.tensorboard.crc32c import crc32c


@pytest.mark.parametrize("count", [1, 200])
def test_checksums_are_those_of_the_standard(count: int) -> None:
    """RFC 3720, appendix B.4, and the check value of the catalog of CRC algorithms; few and many at once."""
    known = {
        bytes(32): 0x8A9136AA,
        b"\xff" * 32: 0x62A8AB43,
        bytes(range(32)): 0x46DD794E,
        bytes(range(31, -1, -1)): 0x113FDB5C,
        b"123456789": 0xE3069283,
        b"": 0,
    }
    assert crc32c(list(known) * count) == list(known.values()) * count


def test_batch_has_the_checksums_of_its_items() -> None:
    source = random.Random(7)
    lengths = [0, 1, 2, 3, 999, 1_000, 1_001, 5_000, *(source.randrange(300) for _ in range(200))]
    contents = [source.randbytes(length) for length in lengths]

    assert crc32c(contents) == [crc for content in contents for crc in crc32c([content])]
