from contextlib import ExitStack

import pytest

from serving.admission import AdmissionControl
from serving.errors import Overloaded


def test_requests_are_admitted_up_to_the_limits() -> None:
    control = AdmissionControl(max_images=10, max_bytes=1_000)
    with control.admit() as first:
        first.add_bytes(900)
        first.add_images(9)
        with control.admit() as second:
            second.add_bytes(100)
            second.add_images(1)
            with (
                pytest.raises(Overloaded, match=r"1,001 bytes wait .* more than the limit of 1,000"),
                control.admit() as third,
            ):
                third.add_bytes(1)
            with (
                pytest.raises(Overloaded, match=r"11 images wait .* more than the limit of 10"),
                control.admit() as third,
            ):
                third.add_images(1)
        with control.admit() as later:
            later.add_bytes(100)
            later.add_images(1)
    assert (control.images, control.bytes) == (0, 0)


def test_single_request_is_always_admitted() -> None:
    control = AdmissionControl(max_images=10, max_bytes=1_000)
    with control.admit() as alone:
        alone.add_bytes(5_000)
        alone.add_images(100)
        with pytest.raises(Overloaded), control.admit() as other:
            other.add_bytes(1)
    assert (control.images, control.bytes) == (0, 0)


def test_rejected_request_occupies_nothing() -> None:
    control = AdmissionControl(max_images=10, max_bytes=1_000)
    with control.admit() as first:
        first.add_bytes(500)
        with pytest.raises(Overloaded), control.admit() as second:
            second.add_bytes(501)
        assert (control.images, control.bytes) == (0, 500)


def test_large_request_occupies_a_slice() -> None:
    control = AdmissionControl(max_images=512, max_bytes=1_000)
    with control.admit() as large:
        large.add_request(1_000)
        assert control.images == control.slice_images == 64
        with control.admit() as small:
            small.add_images(448)
    assert (control.images, control.large_images) == (0, 0)


def test_large_requests_leave_half_of_the_room() -> None:
    control = AdmissionControl(max_images=512, max_bytes=1_000)
    with control.admit() as first, control.admit() as second, control.admit() as third, control.admit() as fourth:
        for large in (first, second, third, fourth):
            large.add_request(100)
        with (
            pytest.raises(Overloaded, match="received 65 images while 4 other large requests are being answered"),
            control.admit() as fifth,
        ):
            fifth.add_request(65)
        with control.admit() as small:
            small.add_request(64)
    assert (control.images, control.large_images) == (0, 0)


def test_large_request_needs_room_as_well() -> None:
    control = AdmissionControl(max_images=16, max_bytes=1_000)
    with control.admit() as small:
        small.add_images(15)
        with pytest.raises(Overloaded, match="17 images wait"), control.admit() as large:
            large.add_request(100)
        assert (control.images, control.large_images) == (15, 0)


def test_images_to_explain_leave_most_of_the_room() -> None:
    control = AdmissionControl(max_images=512, max_bytes=1_000)
    with control.admit() as first, control.admit() as second, control.admit() as third:
        first.add_explained(100)
        second.add_explained(28)
        with pytest.raises(Overloaded, match="129 images wait to be explained, more than the limit of 128"):
            third.add_explained(1)
        with control.admit() as large:
            large.add_request(100)
    assert control.explained_images == 0
    small = AdmissionControl(max_images=1, max_bytes=1_000)
    with small.admit() as alone:
        alone.add_explained(10)


@pytest.mark.parametrize(
    ("add", "expected"),
    [
        ("add_images", "449 images wait to be predicted for ann, more than the 448 that one owner may have of 512"),
        ("add_bytes", "449 bytes wait to be predicted for ann"),
        ("add_explained", "113 images wait to be explained for ann, more than the 112"),
    ],
)
def test_one_owner_leaves_room_to_others(add: str, expected: str) -> None:
    control = AdmissionControl(max_images=512, max_bytes=512)
    share = 112 if add == "add_explained" else 448
    with ExitStack() as held:
        for _ in range(share):
            getattr(held.enter_context(control.admit("ann")), add)(1)
        with pytest.raises(Overloaded, match=expected), control.admit("ann") as further:
            getattr(further, add)(1)
        with control.admit("bob") as other, control.admit() as nobodys:
            getattr(other, add)(1)
            getattr(nobodys, add)(1)
    assert control.owners == {}
    assert (control.images, control.bytes, control.explained_images) == (0, 0, 0)


def test_large_requests_of_one_owner_leave_room() -> None:
    control = AdmissionControl(max_images=512, max_bytes=1_000)
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(control.admit("ann")).add_request(100)
        with (
            pytest.raises(Overloaded, match="256 images of large requests wait to be predicted for ann"),
            control.admit("ann") as more,
        ):
            more.add_request(100)
        with control.admit("bob") as other:
            other.add_request(100)
    assert (control.owners, control.large_images) == ({}, 0)


def test_owner_alone_is_admitted_with_any_size() -> None:
    control = AdmissionControl(max_images=10, max_bytes=1_000)
    with control.admit("ann") as alone:
        alone.add_bytes(5_000)
        alone.add_images(100)
    assert control.owners == {}
