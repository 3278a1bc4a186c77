"""Figures as sentences and evidence show them."""

from analysis.diagnosis.curves import Curve


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:.3g}"


def percent(share: float) -> str:
    """With a decimal where whole percents would say too little."""
    return f"{share:.0%}" if 0.1 <= share <= 0.9 else f"{share:.1%}"


def rounded(value: float) -> float:
    """Four significant digits: more would only look exact."""
    return float(f"{value:.4g}")


def fall(curve: Curve, first: int = 0) -> str:
    """The smoothed curve from place `first` to its end, as "2.31 to 0.45"."""
    return f"{number(curve.smoothed[first])} to {number(curve.end)}"
