"""What owners may use, and what they use."""

from datetime import datetime

from trainyard.answers.base import Answer


class Quota(Answer):
    """Experiments that run at a time and that wait, minutes of training in a month, bytes of experiments and datasets,
    predictions a day. None is no limit."""

    running: int | None = None
    queued: int | None = None
    training_minutes: int | None = None
    bytes: int | None = None
    predictions: int | None = None


class Used(Answer):
    """What is used now, in this month and today (UTC)."""

    running: int
    queued: int
    training_minutes: float
    bytes: int
    predictions: int


class Owner(Answer):
    """`quota` is what holds; of that `own` was set for this owner, and the rest is the default. `private`:
    what the owner creates is, unless a request says otherwise; `own_private` is what the owner has chosen, None for the
    default of the service."""

    name: str
    private: bool = False
    own_private: bool | None = None
    quota: Quota
    own: Quota
    used: Used
    month_ends_at: datetime
    day_ends_at: datetime
