"""What a result was computed with and from, so that it can be reproduced, or else explained."""

from pathlib import Path

from pydantic import ValidationError

from models_store.errors import Damaged, NotFound
from models_store.files import write_synced
from models_store.frozen import Frozen
from specs.splits import SplitName

PROVENANCE_FILE = "provenance.json"


class Provenance(Frozen):
    """`versions` are those of the packages that compute, and on a GPU of CUDA and the driver. `device` is the GPU or
    processor, as its maker calls it, and `threads` the number of CPUs that the trainer could use: sums depend on both.
    `precision` is that of the training. `data_sha256` is the content of each split: samples and labels, in order.
    `spec_sha256` is of the spec as it was trained, with all defaults and without name, notes and tags;
    `weights_sha256` of the weights that were published."""

    versions: dict[str, str]
    device: str
    threads: int
    precision: str
    seed: int
    data_sha256: dict[SplitName, str]
    spec_sha256: str
    weights_sha256: str


def write_provenance(provenance: Provenance, folder: Path) -> None:
    write_synced(folder / PROVENANCE_FILE, provenance.model_dump_json(indent=1).encode())


def read_provenance(folder: Path) -> Provenance:
    """Of the published result in `folder`. Raises NotFound for a result of an older version, Damaged."""
    try:
        return Provenance.model_validate_json((folder / PROVENANCE_FILE).read_bytes())
    except FileNotFoundError as error:
        raise NotFound("a result of Trainyard 0.2 or earlier: what it was computed with was not recorded") from error
    except ValidationError as error:
        raise Damaged(f"{PROVENANCE_FILE} does not parse") from error
