"""Answers about owners."""

from datetime import datetime

from api.schemas.answer import Answer, ItemList
from models_store.owners.quota import Quota
from models_store.owners.quotas import Used


class OwnerView(Answer):
    """`quota` is what holds, null is no limit; of that `own` was set for this owner, and the rest is the default.
    `training_minutes` and `predictions` in `used` are those of this month and day, which end at `month_ends_at` and
    `day_ends_at`. `private`: what the owner creates is, unless a request says otherwise; `own_private` is what the
    owner has chosen, null for the default of the service."""

    name: str
    quota: Quota
    own: Quota
    private: bool
    own_private: bool | None
    used: Used
    month_ends_at: datetime
    day_ends_at: datetime


class OwnerList(ItemList[OwnerView]):
    """All who have a key or something else in the store, by name."""
