"""Names and versions of models, as clients of other servers' protocols know them.

The name is the dataset. The version is the experiment: its id, or where a version must be a number, the millisecond in
which it was posted, which the id begins with. Without a version, the model that serves the dataset answers.
"""

from typing import NamedTuple

from ulid import ULID

from models_store.errors import InvalidState
from models_store.experiments.store import ExperimentStore
from models_store.models.serving_info import ServingInfo
from serving.errors import UnknownDataset, UnknownModel
from serving.registry import Registry
from serving.served_model import ServedModel

OUTPUT_NAME = "probabilities"


class ModelName(NamedTuple):
    """`name` is a dataset, `version` an experiment's id, `number` a version as `version_number` makes it. At most one
    of the two is set."""

    name: str
    version: str | None = None
    number: str | None = None


def input_name(info: ServingInfo) -> str:
    """Not `info.input_name`, which Keras makes up for each network: a better model must not break a client."""
    return "image" if info.takes_images else "features"


def version_number(experiment_id: str) -> int:
    """Milliseconds from 1970 to the experiment: below 2**48, so that every client's integers hold it."""
    milliseconds: int = ULID.from_str(experiment_id).milliseconds
    return milliseconds


def find_model(wanted: ModelName, registry: Registry, experiments: ExperimentStore) -> ServedModel:
    """Blocks on the disk, or on Redis, where the model is not loaded yet.

    Raises UnknownModel, NoModel where nothing serves the dataset yet, and for a version what `Registry.get` raises.
    """
    version = wanted.version
    if wanted.number is not None:
        version = _experiment_of(wanted.name, wanted.number, experiments)
    try:
        model = registry.get(None if version else wanted.name, version)
    except UnknownDataset as error:
        raise UnknownModel(str(error)) from error
    if model.info.dataset != wanted.name:
        raise UnknownModel(
            f"experiment {model.id} is a version of model {model.info.dataset}, not of {wanted.name[:50]}"
        )
    return model


def _experiment_of(name: str, number: str, experiments: ExperimentStore) -> str:
    if not (number.isascii() and number.isdecimal() and len(number) <= 15):
        raise UnknownModel(f"version {number[:50]!r} is not a number; to name an experiment by its id use /labels/<id>")
    shown = (each for each in experiments.ids_created_at(int(number)) if experiments.privacy(each).is_shown)
    found = [each for each in shown if experiments.get(each).dataset == name]
    if not found:
        raise UnknownModel(f"model {name[:50]} has no version {number}: no experiment was posted in that millisecond")
    if len(found) > 1:
        raise InvalidState(
            f"{len(found)} experiments on {name} were posted in millisecond {number}; name one by its id, as a label: "
            f"{', '.join(found[:3])}"
        )
    return found[0]
