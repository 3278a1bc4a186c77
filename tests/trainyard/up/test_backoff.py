from trainyard.up.backoff import Backoff


def test_waits_double_up_to_ten_seconds() -> None:
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_a_life_of_thirty_seconds_starts_anew() -> None:
    backoff = Backoff()
    assert [backoff.after(0.1), backoff.after(29.9), backoff.after(30.0), backoff.after(0.1)] == [0.2, 0.4, 0.2, 0.4]
