"""What a comparison shows, in words."""

from api.comparison.significance import Interval

# Below this probability of chance a difference counts as shown.
_CHANCE = 0.05
_LEAST_SHOWN = 0.001


def verdict(first: str, other: str, cured: int, broken: int, samples: int, interval: Interval, p: float) -> str:
    """How `other` does beside `first`. `interval` is that of the difference of their accuracies."""
    if cured == broken == 0:
        return f"no difference is shown: {other} is right and wrong about the same samples as {first}"
    points = 100 * (cured - broken) / samples
    flipped = f"it cured {f'{cured:,}' if cured else 'none'} of {first}'s mistakes and made {_new(broken)}"
    # Of what is worse, by how much it is worse.
    low, high = interval if points >= 0 else interval.reversed
    chance = f"95 % interval {100 * low:z.2f} to {100 * high:z.2f}, {_p_text(p)}; {flipped}"
    if p < _CHANCE:
        return f"{other} is {'better' if points > 0 else 'worse'} than {first} by {abs(points):.2f} points, {chance}"
    if points == 0:
        return f"no difference is shown: {other} is level with {first}, {chance}"
    side = "above" if points > 0 else "below"
    return f"no difference is shown: {other} is {abs(points):.2f} points {side} {first}, {chance}"


def _new(broken: int) -> str:
    return "1 new one" if broken == 1 else f"{f'{broken:,}' if broken else 'no'} new ones"


def _p_text(p: float) -> str:
    if p < _LEAST_SHOWN:
        return f"p < {_LEAST_SHOWN}"
    return "p = " + f"{p:.4f}".rstrip("0").rstrip(".")
