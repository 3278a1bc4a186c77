"""Owners: what they may use."""

from trainyard.answers.base import ItemList
from trainyard.answers.owners import Owner
from trainyard.operations.operation import Operation, read_as, segment


def owner(name: str | None = None) -> Operation[Owner]:
    """What the owner of your key, or for admins anybody, may use, and what it uses."""
    return Operation("GET", f"/owners/{'me' if name is None else segment(name)}", read_as(Owner))


def set_default_privacy(private: bool | None) -> Operation[Owner]:
    """Whether what you create is private unless a call says otherwise; None is the default of the service."""
    return Operation("PATCH", "/owners/me", read_as(Owner), json={"private": private})


def owners() -> Operation[ItemList[Owner]]:
    """What everybody may use, and what each uses. Only for admins."""
    return Operation("GET", "/owners", read_as(ItemList[Owner]))


def set_quota(
    name: str,
    *,
    running: int | None = None,
    queued: int | None = None,
    training_minutes: int | None = None,
    bytes: int | None = None,  # noqa: A002 - the name in the API
    predictions: int | None = None,
) -> Operation[Owner]:
    """Set what an owner may use; None is the default of the service. Only for admins."""
    quota = {
        "running": running,
        "queued": queued,
        "training_minutes": training_minutes,
        "bytes": bytes,
        "predictions": predictions,
    }
    return Operation("PUT", f"/owners/{segment(name)}", read_as(Owner), json=quota)
