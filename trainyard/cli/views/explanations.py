"""Explanations as text: a map in characters, and what it says."""

from collections.abc import Iterator

from trainyard.answers.explanations import HiddenPlace, Occlusion
from trainyard.cli.output import can_print

_SHADES, _PLAIN_SHADES = " ░▒▓█", " .:*#"
_RISES = "-"
_REGIONS = {"upper": "the upper part", "lower": "the lower part", "center": "the center"}


def occlusion_lines(explained: Occlusion) -> Iterator[str]:
    """The map, two characters for each cell, and sentences."""
    drops, label = explained.drops, explained.label
    largest = max((abs(each) for row in drops for each in row), default=0.0)
    shades = _SHADES if can_print(_SHADES) else _PLAIN_SHADES
    yield from (f"  {''.join(2 * _shade(each, largest, shades) for each in row)}" for row in drops)
    most = explained.most_important
    if most is None:
        yield f"No part of the image speaks for {label}: it falls with none of them hidden."
        return
    yield f"{_shown(most)} matters most: with it hidden, {label} falls from {explained.probability:.1%} to " + _fall(
        most, label
    )
    yield f"({shades[-1]} hidden, {label} falls by {largest:.1%}; - it rises; patches of {explained.patch} pixels)"


def _shade(drop: float, largest: float, shades: str) -> str:
    share = drop / largest if largest else 0.0
    if share < -0.1:
        return _RISES
    return shades[max(0, round(share * (len(shades) - 1)))]


def _shown(place: HiddenPlace) -> str:
    known = _REGIONS.get(place.region, f"the {place.region.replace('_', ' ')}")
    return known[0].upper() + known[1:]


def _fall(place: HiddenPlace, label: str) -> str:
    if place.answer.label == label:
        return f"{place.probability:.1%}."
    return f"{place.probability:.1%}, and the answer would be {place.answer.label}."
