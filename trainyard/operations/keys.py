"""Keys: create, list, revoke."""

from collections.abc import Sequence

from trainyard.answers.base import ItemList
from trainyard.answers.keys import Key, Login, NewKey, RevokedKey
from trainyard.operations.operation import Operation, read_as, segment


def create_key(
    scopes: Sequence[str], name: str = "", owner: str | None = None, expires_in_days: int | None = None
) -> Operation[NewKey]:
    """Create a key that allows `scopes`: some of "read", "run", "data", "serve", "predict", "teach" and "admin".
    Keep the `key` of the answer: it is never shown again. `owner` is yours by default; only admins create keys of
    others."""
    body = {"scopes": list(scopes), "name": name, "owner": owner, "expires_in_days": expires_in_days}
    return Operation("POST", "/keys", read_as(NewKey), json=body)


def keys() -> Operation[ItemList[Key]]:
    """Your keys, for an admin everybody's, without their secrets, also revoked ones."""
    return Operation("GET", "/keys", read_as(ItemList[Key]))


def own_key() -> Operation[Key]:
    """The key that this client sends: whose it is, and what it allows."""
    return Operation("GET", "/keys/me", read_as(Key))


def revoke_key(key_id: str, with_created: bool = False) -> Operation[RevokedKey]:
    """Revoke a key, for good; `with_created` the keys that it has created as well, and those that they have created."""
    params = {"with_created": with_created or None}
    return Operation("DELETE", f"/keys/{segment(key_id)}", read_as(RevokedKey), params=params)


def login() -> Operation[Login]:
    """Whether a provider of OpenID Connect signs people in, and which. Needs no key."""
    return Operation("GET", "/login", read_as(Login))


def finish_sign_in(code: str, verifier: str) -> Operation[NewKey]:
    """Exchange the code that a browser has brought back for a key of 12 hours. Needs no key."""
    return Operation("POST", "/login/provider/key", read_as(NewKey), json={"code": code, "verifier": verifier})
