"""What a comparison or a lineage shows, in words."""

from collections.abc import Iterable, Sequence
from typing import Any

from analysis.comparison.changes import Change
from analysis.comparison.significance import Interval
from specs.problem import shown

# Below this probability of chance a difference counts as shown.
_CHANCE = 0.05
_MIN_SHOWN = 0.001
_MAX_EDITS = 8
# Fields that change nothing of what is trained.
_SAID_ONLY = ("name", "notes", "tags", "based_on")


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
    if p < _MIN_SHOWN:
        return f"p < {_MIN_SHOWN}"
    return "p = " + f"{p:.4f}".rstrip("0").rstrip(".")


def changed(edits: Iterable[Change]) -> str:
    """What is trained otherwise, field by field: "training.epochs: 5 -> 12; Dropout added at model.layers.3"."""
    told = [edit for edit in edits if edit.path[0] not in _SAID_ONLY]
    if not told:
        return "nothing"
    more = f"; and {len(told) - _MAX_EDITS:,} more" if len(told) > _MAX_EDITS else ""
    return "; ".join(_edit_text(edit) for edit in told[:_MAX_EDITS]) + more


def climb(steps: Sequence[tuple[float | None, str]]) -> str:
    """The accuracy of each step, or else its status: "23.5 % -> 55.1 % -> running"."""
    return " -> ".join(
        status if accuracy is None else f"{accuracy:.1%}".replace("%", " %") for accuracy, status in steps
    )


def _edit_text(edit: Change) -> str:
    field = ".".join(map(str, edit.path))
    if isinstance(edit.path[-1], int) and edit.op != "replace":
        told = edit.after if edit.op == "add" else edit.before
        return f"{_value_text(told)} {'added at' if edit.op == 'add' else 'removed from'} {field}"
    return f"{field}: {_value_text(edit.before)} -> {_value_text(edit.after)}"


def _value_text(value: Any) -> str:
    """A layer or an optimizer by its type."""
    if isinstance(value, dict) and isinstance(value.get("type"), str):
        return str(value["type"])
    return "none" if value is None else shown(value)
