"""Number formats of sentences and evidence."""

from analysis.diagnosis.curves import Curve


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:.3g}"


def percent(share: float) -> str:
    """With a decimal near 0 and 1, where whole percents are too coarse."""
    return f"{share:.0%}" if 0.1 <= share <= 0.9 else f"{share:.1%}"


def round_digits(value: float) -> float:
    """To four significant digits: more would suggest a precision that is not there."""
    return float(f"{value:.4g}")


def fall(curve: Curve, first: int = 0) -> str:
    """The smoothed curve from index `first` to its end, as "2.31 to 0.45"."""
    return f"{number(curve.smoothed[first])} to {number(curve.end)}"
