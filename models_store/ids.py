"""Ids of experiments and predictions: ULIDs in their canonical spelling."""

from ulid import ULID


def is_experiment_id(text: str) -> bool:
    """True for a ULID in its canonical spelling; only those become part of a path."""
    try:
        return str(ULID.from_str(text)) == text
    except ValueError:
        return False


def describe_id_mistake(text: str) -> str:
    """What is wrong with `text`, which is no id."""
    canonical = text.strip().upper()
    if is_experiment_id(canonical):
        return f"ids are written in upper case, without spaces: {canonical}"
    return "an id has 26 characters, such as 01J..."
