"""JSON Merge Patch (RFC 7396)."""

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
