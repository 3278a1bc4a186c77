"""A metric by epoch in a few values, kept up to date one epoch at a time."""

MAX_VALUES = 32

Sparkline = tuple[float | None, ...]


def extend(sparkline: Sparkline, epoch: int, value: float | None) -> Sparkline:
    """`sparkline` of the epochs before `epoch`, with its `value`: those of epochs 0, n, 2n, ... and of the last one, in
    four digits. n is the smallest power of two that gives at most `MAX_VALUES`."""
    step = _step(epoch)
    kept = sparkline[: -(-epoch // step)]  # without the last one, unless its turn has come
    if _step(epoch + 1) > step:
        kept = kept[::2]
    return (*kept, _rounded(value))


def ends_with(sparkline: Sparkline, value: float | None) -> bool:
    """Whether its last epoch had `value`. One of another metric does not."""
    return bool(sparkline) and sparkline[-1] == _rounded(value)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _step(epochs: int) -> int:
    step = 1
    while epochs > step * (MAX_VALUES - 1):
        step *= 2
    return step
