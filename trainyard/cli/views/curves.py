"""Training curves as lines of text."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from trainyard.answers.experiments import History
from trainyard.cli.output import can_print
from trainyard.cli.views.text import metric_text

_BARS, _ASCII_BARS = "▁▂▃▄▅▆▇█", "_.-~=+*#"
_WIDTH = 40
_SHOWN = ("loss", "val_loss", "accuracy", "val_accuracy")


def curve_lines(history: History) -> Iterator[str]:
    """A sparkline for each of the usual metrics that has a value."""
    for name in _SHOWN:
        values = history.history.get(name, [])
        finite = [value for value in values if value is not None]
        if finite:
            yield f"{name:<13} {sparkline(values)}  {metric_text(finite[0])} to {metric_text(finite[-1])}"


def sparkline(values: Sequence[float | None], width: int = _WIDTH) -> str:
    """At most `width` bars from the lowest to the highest value. More values than bars are averaged; a bar without a
    finite value is a gap."""
    bars = min(width, len(values))
    edges = [len(values) * bar // max(bars, 1) for bar in range(bars + 1)]
    means = [_mean(values[start:end]) for start, end in pairwise(edges)]
    finite = [mean for mean in means if mean is not None]
    if not finite:
        return " " * bars
    low, high = min(finite), max(finite)
    levels = _BARS if can_print(_BARS) else _ASCII_BARS
    step = (high - low) / (len(levels) - 1) or 1.0
    return "".join(" " if mean is None else levels[round((mean - low) / step)] for mean in means)


def _mean(values: Sequence[float | None]) -> float | None:
    finite = [value for value in values if value is not None]
    return sum(finite) / len(finite) if finite else None
