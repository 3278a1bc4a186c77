"""Sentences of comparisons and lineages."""

from collections.abc import Iterable, Sequence
from typing import Any

from analysis.comparison.json_patch import Change
from analysis.comparison.significance import Interval
from specs.problem import format_value

# A difference less probable than this by chance is reported as one.
_SIGNIFICANT = 0.05
_MIN_P = 0.001
_MAX_CHANGES = 8
# Fields that do not change what is trained.
_DESCRIPTIVE = ("name", "notes", "tags", "based_on")


def verdict(first: str, other: str, fixed: int, regressed: int, samples: int, interval: Interval, p: float) -> str:
    """How `other` compares with `first`. `interval` is that of the difference of their accuracies.

    McNemar's test decides. Where few samples flip, the interval by resampling is narrower than that test allows for: if
    it leaves out zero all the same, the sentence says so.
    """
    if fixed == regressed == 0:
        return f"no significant difference: {other} is right and wrong about the same samples as {first}"
    points = 100 * (fixed - regressed) / samples
    flipped = f"it fixed {f'{fixed:,}' if fixed else 'none'} of {first}'s errors and {_regressed_text(regressed)}"
    # If it is worse, by how much it is worse.
    low, high = interval if points >= 0 else interval.reversed
    evidence = f"95 % interval {100 * low:z.2f} to {100 * high:z.2f}, {_p_text(p)}; {flipped}"
    if p < _SIGNIFICANT:
        return f"{other} is {'better' if points > 0 else 'worse'} than {first} by {abs(points):.2f} points, {evidence}"
    if points == 0:
        return f"no significant difference: {other} is level with {first}, {evidence}"
    by_test = "" if low <= 0 <= high else " by McNemar's test, which is stricter than the interval"
    side = "above" if points > 0 else "below"
    return f"no significant difference{by_test}: {other} is {abs(points):.2f} points {side} {first}, {evidence}"


def _regressed_text(regressed: int) -> str:
    samples = "1 sample" if regressed == 1 else f"{regressed:,} samples"
    return f"regressed on {samples if regressed else 'none'}"


def _p_text(p: float) -> str:
    if p < _MIN_P:
        return f"p < {_MIN_P}"
    return "p = " + f"{p:.4f}".rstrip("0").rstrip(".")


def describe_changes(changes: Iterable[Change]) -> str:
    """What is trained differently, field by field: "training.epochs: 5 -> 12; Dropout added at model.layers.3"."""
    trained = [change for change in changes if change.path[0] not in _DESCRIPTIVE]
    if not trained:
        return "nothing"
    more = f"; and {len(trained) - _MAX_CHANGES:,} more" if len(trained) > _MAX_CHANGES else ""
    return "; ".join(_change_text(change) for change in trained[:_MAX_CHANGES]) + more


def describe_accuracies(steps: Sequence[tuple[float | None, str]]) -> str:
    """The accuracy of each step, or else its status: "23.5 % -> 55.1 % -> running"."""
    return " -> ".join(
        status if accuracy is None else f"{accuracy:.1%}".replace("%", " %") for accuracy, status in steps
    )


def _change_text(change: Change) -> str:
    field = ".".join(map(str, change.path))
    if isinstance(change.path[-1], int) and change.op != "replace":
        item = change.after if change.op == "add" else change.before
        return f"{_value_text(item)} {'added at' if change.op == 'add' else 'removed from'} {field}"
    return f"{field}: {_value_text(change.before)} -> {_value_text(change.after)}"


def _value_text(value: Any) -> str:
    """A layer or an optimizer by its type."""
    if isinstance(value, dict) and isinstance(value.get("type"), str):
        return str(value["type"])
    return "none" if value is None else format_value(value)
