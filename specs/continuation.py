"""Continuing a training that has ended (`continue_from`): what may differ from it, and what not."""

from collections.abc import Iterator
from typing import Any

from specs import limits
from specs.errors import SpecError
from specs.experiment import ExperimentSpec
from specs.merge_patch import merge_patch
from specs.network import Network
from specs.problem import FieldPath, Problem, pointer_of, quantity, received_value

_DESCRIPTIVE = ("name", "notes", "tags", "based_on", "continue_from", "model")
_FREE = ("epochs", "max_minutes", "early_stopping", "reduce_lr_on_plateau", "keep_state", "device", "devices")
_ALLOWED = "training.epochs, max_minutes, early_stopping, reduce_lr_on_plateau, device, devices and the learning rate"


def continued_document(source: dict[str, Any], source_id: str, posted: dict[str, Any]) -> dict[str, Any]:
    """The document of an experiment that continues `source`: what `posted` leaves out is as it was there (RFC 7396). A
    model, a learning rate or another type of optimizer replaces it whole. It has a name only if `posted` has one."""
    left: dict[str, Any] = {"name": None, "continue_from": None, "based_on": source_id, "model": {"weights_from": None}}
    if "model" in posted:
        left["model"] = None
    optimizer = _optimizer(posted)
    if optimizer.get("type", (known := _optimizer(source).get("type"))) != known:
        left["training"] = {"optimizer": None}
    elif "learning_rate" in optimizer:
        left["training"] = {"optimizer": {"learning_rate": None}}
    document: dict[str, Any] = merge_patch(merge_patch(source, left), posted)
    return document


def _optimizer(document: dict[str, Any]) -> dict[str, Any]:
    training = document.get("training")
    optimizer = training.get("optimizer") if isinstance(training, dict) else None
    return optimizer if isinstance(optimizer, dict) else {}


def continuation_problems(spec: ExperimentSpec, source: ExperimentSpec, completed: int) -> list[Problem]:
    """Why `spec` cannot continue a training of `source` that has `completed` whole epochs; empty if it can.

    Network, samples and their order, optimizer and loss have to be the same: the state fits nothing else, and the
    history would compare what cannot be compared.
    """
    problems = []
    if _essence(spec.network) != _essence(source.network):
        problems.append(_difference(("model",), "its network differs", None))
    for path, value, other in _differences(_fixed(spec), _fixed(source), ()):
        problems.append(_difference(path, f"`{path[-1]}` was {received_value(other)}", value))
    problems += _metric_problem(spec, source)
    if spec.training.epochs <= completed:
        detail = (
            f"`epochs` counts from the beginning, and {quantity(completed, 'epoch')} of experiment "
            f"{spec.continue_from} are done; set it to more, for instance {min(2 * completed, limits.EPOCHS)}"
        )
        problems.append(Problem(pointer="/training/epochs", detail=detail, received=spec.training.epochs))
    return problems[: limits.PROBLEMS]


def reject_repeated_continuation(spec: ExperimentSpec) -> None:
    """Raises SpecError if `spec`, which is to have several seeds, continues a training, which has had one."""
    if spec.continue_from is not None:
        detail = "a training continues with the seed that it has; leave out `repeats`, or repeat the whole training"
        raise SpecError([Problem(pointer="/continue_from", detail=detail, received=spec.continue_from)])


def _difference(path: FieldPath, what: str, received: Any) -> Problem:
    detail = (
        f"{what} in the experiment to continue from; only {_ALLOWED} may change: leave this out, or start again with "
        "`model.weights_from` in place of `continue_from`"
    )
    return Problem(pointer=pointer_of(path), detail=detail, received=received_value(received))


def _essence(network: Network) -> tuple[Any, ...]:
    """Without the places of its layers in the document."""
    nodes = tuple((node.name, node.layer, node.inputs, node.trainable) for node in network.nodes)
    return (network.input_shape, network.frozen, nodes)


def _fixed(spec: ExperimentSpec) -> dict[str, Any]:
    """The document without what may change, and without the model, whose network is compared."""
    document = {name: value for name, value in spec.document().items() if name not in _DESCRIPTIVE}
    training = {name: value for name, value in document["training"].items() if name not in _FREE}
    optimizer = {name: value for name, value in training["optimizer"].items() if name != "learning_rate"}
    return {**document, "training": {**training, "optimizer": optimizer}}


def _differences(value: Any, other: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Any, Any]]:
    if isinstance(value, dict) and isinstance(other, dict):
        for name in dict.fromkeys([*value, *other]):
            yield from _differences(value.get(name), other.get(name), (*path, name))
    elif value != other:
        yield path, value, other


def _metric_problem(spec: ExperimentSpec, source: ExperimentSpec) -> Iterator[Problem]:
    """The weights of the best epoch so far were chosen by one metric."""
    wanted, had = spec.training.deciding_metric, source.training.deciding_metric
    if spec.training.keep == "best" and wanted != had:
        yield Problem(
            pointer="/training/early_stopping",
            detail=f"the best epoch so far was chosen by {had}, not by {wanted}; monitor {had}, or leave this out",
            received=wanted,
        )
