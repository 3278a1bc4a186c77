"""Versions of the files in the store, and the names that earlier versions had for what is in them.

Everything is written in the current version and read in all: docs/decisions/0030-versions-of-the-store.md.
"""

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import numpy as np
from numpy.lib.recfunctions import rename_fields
from numpy.typing import NDArray
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict

from models_store.errors import Newer
from models_store.frozen import Frozen

SCHEMA_VERSION = 2
_VERSIONS = re.compile(rb'"schema_version"\s*:\s*"?([0-9]{1,9})')

# Members of JSON and npz, columns of npy, files and folders: what version 1 (releases 0.1) called them.
_FORMER = {
    "image": "picture",
    "image_rows": "pictured",
    "images": "pictures",
    "images.bin": "pictures.bin",
    "split": "part",
    "transferred_layers": "taken_layers",
}


def _upgrade(version: int) -> int:
    if version > SCHEMA_VERSION:
        raise Newer(
            f"it was written by a newer version of Trainyard, in version {version} of the store; this one reads up to "
            f"version {SCHEMA_VERSION} and leaves it as it is: update this API or worker"
        )
    return SCHEMA_VERSION


# What was read in an earlier version is in the form of the current one.
SchemaVersion = Annotated[int, AfterValidator(_upgrade)]


KEEPING: Final = ConfigDict(extra="allow", json_schema_extra=lambda schema: schema.pop("additionalProperties", None))


class Nested(Frozen):
    """An object in a record. What a later release of the same version has added is kept, and written again."""

    model_config: ClassVar[ConfigDict] = KEEPING


class Stored(Nested):
    """A record in a file of its own. Its version is read first: of a newer one nothing else is, which raises Newer."""

    schema_version: SchemaVersion = SCHEMA_VERSION


def has_unknown(model: BaseModel) -> bool:
    """Whether a later release has added a member to an object or to one in it, and it is set: neither null nor false,
    zero or empty."""
    added = (model.model_extra or {}).values()
    inner = (value for value in vars(model).values() if isinstance(value, BaseModel))
    return any(map(bool, added)) or any(map(has_unknown, inner))


def is_newer(document: dict[str, Any]) -> bool:
    """Whether a record is of a newer version, also if the version itself has another form."""
    version = document.get("schema_version", SCHEMA_VERSION)
    return not isinstance(version, int) or version > SCHEMA_VERSION


def may_be_newer(document: bytes) -> bool:
    """`is_newer` of its JSON, or of an object in it: costs less than parsing."""
    return any(int(version) > SCHEMA_VERSION for version in _VERSIONS.findall(document))


def former_name(name: str) -> str:
    """What `name` was in the version before it was renamed; `name` itself if it never was."""
    return _FORMER.get(name, name)


def any_name(name: str) -> AliasChoices:
    """The `validation_alias` of a field that was renamed."""
    return AliasChoices(name, former_name(name))


def find_file(folder: Path, name: str) -> Path:
    """The file or folder `name` in `folder`, which may have its former name."""
    path, former = folder / name, folder / former_name(name)
    return former if former.exists() and not path.exists() else path


def rename_columns(rows: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """`rows` with the column names of `dtype`, where they have the former ones."""
    if rows.dtype.names is None:
        return rows
    renamed: NDArray[Any] = rename_fields(rows, {former_name(name): name for name in dtype.names or ()})
    return renamed
