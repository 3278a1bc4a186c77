"""Ends of a training that publishes nothing."""


class Diverged(Exception):
    """The loss is not finite."""


class OutOfTime(Exception):
    """The time budget ended before the first epoch did."""
