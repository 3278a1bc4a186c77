"""JSON merge patches (RFC 7396): a document with what changes in another one."""

from typing import Any


def merged(document: Any, patch: Any) -> Any:
    """`document` with `patch` applied, as section 2 of the RFC says: members that are null are removed, objects are
    merged member by member, everything else is replaced. Neither is changed."""
    if not isinstance(patch, dict):
        return patch
    target = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = merged(target.get(name), value)
    return target
