"""Ids of experiments and predictions: ULIDs in their canonical spelling."""

import re

# Crockford's base 32, of 128 bits; python-ulid takes twenty times as long.
_ULID = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")


def is_experiment_id(text: str) -> bool:
    """True for a ULID in its canonical spelling; only those become part of a path."""
    return _ULID.fullmatch(text) is not None


def describe_id_mistake(text: str) -> str:
    """What is wrong with `text`, which is no id."""
    canonical = text.strip().upper()
    if is_experiment_id(canonical):
        return f"ids are written in upper case, without spaces: {canonical}"
    return "an id has 26 characters, such as 01J..."
