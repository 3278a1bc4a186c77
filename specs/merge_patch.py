"""JSON Merge Patch (RFC 7396)."""

from collections.abc import Mapping
from typing import Any


def merge_patch(document: Any, patch: Any) -> Any:
    """Return `document` with `patch` applied (RFC 7396, section 2); neither argument is modified.

    Members that are null are removed, objects are merged member by member, everything else is replaced.
    """
    if not isinstance(patch, dict):
        return patch
    target = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = merge_patch(target.get(name), value)
    return target


def merge_difference(before: Mapping[str, Any], after: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """The patch that turns `before` into `after`, two documents with all defaults, in as few words as `written` has for
    the latter without them."""
    patch: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        known, short = before.get(name), written.get(name)
        if name in before and known == value:
            continue
        if isinstance(known, Mapping) and isinstance(value, Mapping) and isinstance(short, Mapping):
            patch[name] = merge_difference(known, value, short)
        else:
            patch[name] = short
    return patch
