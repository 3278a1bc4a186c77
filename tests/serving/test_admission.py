import pytest

from serving.admission import Overloaded, Room


def test_a_guest_is_let_in_until_the_room_is_full_and_again_when_another_has_left() -> None:
    room = Room(max_images=10, max_bytes=1_000)
    with room.guest() as first:
        first.bring_bytes(900)
        first.bring_images(9)
        with room.guest() as second:
            second.bring_bytes(100)
            second.bring_images(1)
            with pytest.raises(Overloaded, match=r"1,001 bytes wait .* more than the 1,000"), room.guest() as third:
                third.bring_bytes(1)
            with pytest.raises(Overloaded, match=r"11 images wait .* more than the 10"), room.guest() as third:
                third.bring_images(1)
        with room.guest() as later:
            later.bring_bytes(100)
            later.bring_images(1)
    assert (room.images, room.bytes) == (0, 0)


def test_one_that_is_alone_is_let_in_whatever_it_brings() -> None:
    room = Room(max_images=10, max_bytes=1_000)
    with room.guest() as alone:
        alone.bring_bytes(5_000)
        alone.bring_images(100)
        with pytest.raises(Overloaded), room.guest() as other:
            other.bring_bytes(1)
    assert (room.images, room.bytes) == (0, 0)


def test_a_guest_that_is_rejected_takes_all_with_it() -> None:
    room = Room(max_images=10, max_bytes=1_000)
    with room.guest() as first:
        first.bring_bytes(500)
        with pytest.raises(Overloaded), room.guest() as second:
            second.bring_bytes(501)
        assert (room.images, room.bytes) == (0, 500)
