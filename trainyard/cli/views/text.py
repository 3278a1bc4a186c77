"""Numbers, durations and counts as text."""

from collections.abc import Mapping
from datetime import datetime

_DIGITS = 4
_UNIT = 1000


def metric_text(value: float | None) -> str:
    """Four decimals; very small values, such as learning rates, as powers of ten."""
    if value is None:
        return "not finite"
    if isinstance(value, float) and 0 < abs(value) < 10**-_DIGITS:
        return f"{value:.1e}"
    return f"{value:.{_DIGITS}f}"


def metrics_text(metrics: Mapping[str, float | None]) -> str:
    return "  ".join(f"{name} {metric_text(value)}" for name, value in metrics.items())


def known_metric_text(value: float | None) -> str:
    """Empty where there is no value."""
    return "" if value is None else metric_text(value)


def epoch_text(epoch: int | None) -> str:
    """The number of an epoch as people count, from 1."""
    return "unknown" if epoch is None else f"{epoch + 1:,}"


def pace_text(steps_per_second: float | None, eta_seconds: float | None) -> str:
    """Rate and time left, as far as they are known."""
    words = []
    if steps_per_second is not None:
        words.append(f"{steps_per_second:.0f} steps/s" if steps_per_second >= 10 else f"{steps_per_second:.1f} steps/s")
    if eta_seconds is not None:
        words.append(f"{duration_text(eta_seconds)} left")
    return ", ".join(words)


def duration_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def time_text(time: datetime) -> str:
    """As the API sends it."""
    return time.isoformat().replace("+00:00", "Z")


def bytes_text(size: int) -> str:
    """With a decimal unit: 850 B, 1.2 MB, 135 GB."""
    if size < _UNIT:
        return f"{size} B"
    scaled, units = size / _UNIT, iter("kMGTP")
    unit = next(units)
    while scaled >= _UNIT and unit != "P":
        scaled, unit = scaled / _UNIT, next(units)
    return f"{scaled:.{0 if scaled >= 100 else 1}f} {unit}B"


def count_text(count: int, noun: str) -> str:
    """1 epoch, 2 epochs."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def size_text(sizes: list[int]) -> str:
    return " x ".join(map(str, sizes))
