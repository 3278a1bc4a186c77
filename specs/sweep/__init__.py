"""Sweeps: a spec with `$search` in place of values, and how to search."""

from specs.sweep.dimensions import Choice, Dimension, FloatRange, IntRange
from specs.sweep.preflight import Infeasible, Preflight, preflight
from specs.sweep.space import Point, Space
from specs.sweep.spec import Method, Metric, Repeats, StopEarly, SweepSpec, parse_sweep

__all__ = [
    "Choice",
    "Dimension",
    "FloatRange",
    "Infeasible",
    "IntRange",
    "Method",
    "Metric",
    "Point",
    "Preflight",
    "Repeats",
    "Space",
    "StopEarly",
    "SweepSpec",
    "parse_sweep",
    "preflight",
]
