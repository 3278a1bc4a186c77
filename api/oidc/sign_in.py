"""Signing in: from a page or a command line to the provider and back, and to a key of twelve hours.

No key is ever in an address: who has begun keeps a verifier, and only with that becomes the code, which the browser
brings back, a key. So no other page can have a visitor signed in as somebody else either.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from api.oidc.people import Person
from api.oidc.provider import InvalidToken, Provider, challenge_of
from models_store.access.key import Key
from models_store.access.sign_ins import SignIns
from models_store.access.store import KeyStore
from models_store.errors import NotAuthenticated
from models_store.frozen import utc_now
from settings import Settings
from specs.access import KeySpec

KEY_NAME = "signed in"
KEY_HOURS = 12
# Of one owner, on as many devices; the oldest makes room.
_MAX_KEYS = 8
_BEGUN, _RETURNED = "begun", "returned"
_BEGUN_SECONDS, _RETURNED_SECONDS = 600, 60
_STALE = "this sign-in has expired, or was used already; begin again"


class SignIn:
    """Blocks on the network."""

    def __init__(
        self,
        provider: Provider,
        settings: Settings,
        pending: SignIns,
        keys: KeyStore,
        is_student: Callable[[str], bool],
    ) -> None:
        self._provider = provider
        self._settings = settings
        self._is_student = is_student
        self._pending = pending
        self._keys = keys

    def begin(self, challenge: str, port: int | None) -> str:
        """The address at the provider. `challenge` is the SHA-256 of the verifier (RFC 7636), `port` that of a command
        line which waits on this machine. Raises Unavailable."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        begun = {"challenge": challenge, "port": port, "nonce": nonce, "verifier": verifier}
        self._pending.put(_BEGUN, state, begun, _BEGUN_SECONDS)
        return self._provider.authorization_url(state, nonce, verifier)

    def finish(self, state: str, code: str) -> str:
        """The address to go back to. Raises NotAuthenticated, Unavailable."""
        begun = self._pending.take(_BEGUN, state)
        if begun is None:
            raise NotAuthenticated(_STALE)
        try:
            claims = self._provider.redeem(code, begun["verifier"], begun["nonce"])
        except InvalidToken as error:
            raise NotAuthenticated(f"the provider has not signed you in: {error}") from None
        named = (self._settings.oidc_owner_claim, self._settings.oidc_groups_claim, "email_verified")
        returned = {"challenge": begun["challenge"], "claims": {name: claims.get(name) for name in named}}
        own_code = secrets.token_urlsafe(32)
        self._pending.put(_RETURNED, own_code, returned, _RETURNED_SECONDS)
        if begun["port"] is None:
            return f"/#login={own_code}"
        return f"http://127.0.0.1:{begun['port']}/?{urlencode({'code': own_code})}"

    def redeem(self, code: str, verifier: str) -> tuple[Key, str]:
        """The record and the text of a new key. Raises NotAuthenticated, NotAdmitted, Unavailable."""
        returned: dict[str, Any] | None = self._pending.take(_RETURNED, code)
        if returned is None or not secrets.compare_digest(challenge_of(verifier), returned["challenge"]):
            raise NotAuthenticated(_STALE)
        person = Person(self._settings, returned["claims"], self._is_student)
        self._make_room(person.owner)
        spec = KeySpec(name=KEY_NAME, scopes=person.scopes)
        return self._keys.create(spec, person.owner, expires_at=utc_now() + timedelta(hours=KEY_HOURS))

    def _make_room(self, owner: str) -> None:
        now = utc_now()
        live = [each for each in self._keys.list() if each.owner == owner and each.is_live(now)]
        earlier = [each for each in live if each.name == KEY_NAME and each.expires_at is not None]
        for each in earlier[: max(0, len(earlier) + 1 - _MAX_KEYS)]:
            self._keys.revoke(each.id, by=None)
