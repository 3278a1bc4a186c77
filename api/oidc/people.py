"""From the claims of a token to whose it is and what it allows."""

from collections.abc import Callable, Mapping
from typing import Any

from models_store.errors import NotAdmitted
from settings import Settings
from specs.access import KeyScope, is_owner

EVERYBODY = "*"


class Person:
    """`scopes` are those of all groups of somebody, and those of everybody (`*`). Raises NotAdmitted if there are none,
    or the name is not one of an owner."""

    def __init__(self, settings: Settings, claims: Mapping[str, Any], is_student: Callable[[str], bool]) -> None:
        """`is_student` returns whether an owner is one in a class, with keys of the teacher."""
        claimed = claims.get(settings.oidc_owner_claim)
        self.owner = claimed if isinstance(claimed, str) else ""
        if not is_owner(self.owner):
            raise NotAdmitted(
                f"the claim {settings.oidc_owner_claim} of your account is {str(claimed)[:64]!r}, and cannot be the "
                "name of an owner: expected 1 to 64 letters, digits and . _ @ -"
            )
        if is_student(self.owner):
            raise NotAdmitted(
                f"{self.owner}, the claim {settings.oidc_owner_claim} of your account, is a student of a class here; "
                "the teacher has to rename the class, or an admin takes another claim"
            )
        if settings.oidc_owner_claim == "email" and claims.get("email_verified") is not True:
            raise NotAdmitted(f"the provider has not verified the address {self.owner}")
        groups = claims.get(settings.oidc_groups_claim)
        named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        allowed = {scope for each in (*named, EVERYBODY) for scope in (settings.oidc_scopes or {}).get(str(each), ())}
        self.scopes = tuple(each for each in KeyScope if each in allowed)
        if not self.scopes:
            raise NotAdmitted(
                f"you are signed in as {self.owner}, and none of your groups may use this service; an admin says which "
                "may in TRAINYARD_OIDC_SCOPES"
            )
