"""Classes, as requests name them."""

from collections.abc import Sequence

from models_store.errors import NotFound

_LISTED = 20


def class_index(wanted: str, classes: Sequence[str]) -> int:
    """The index of the class that `wanted` names, or else counts from 0. Raises NotFound, which lists them."""
    if wanted in classes:
        return classes.index(wanted)
    if wanted.isdecimal() and int(wanted) < len(classes):
        return int(wanted)
    listed = ", ".join(classes[:_LISTED])
    raise NotFound(f"there is no class {wanted[:50]!r}; this dataset has: {listed}")
