from api.postponed import Postponed


def test_delays_double_up_to_a_minute() -> None:
    now = [100.0]
    postponed = Postponed(lambda: now[0])
    assert not postponed.blocks("a")

    assert [postponed.add("a") for _ in range(1100)][:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert postponed.tries("a") == 1100

    now[0] += 59.9
    assert (postponed.blocks("a"), postponed.blocks("b")) == (True, False)
    now[0] += 0.1
    assert not postponed.blocks("a")


def test_what_is_done_begins_with_a_second_again() -> None:
    postponed = Postponed(lambda: 0.0)
    for name in ("a", "a", "b"):
        postponed.add(name)

    postponed.retain(["b"])

    assert [postponed.tries(name) for name in ("a", "b")] == [0, 1]
    assert not postponed.blocks("a")
    assert postponed.add("a") == 1
