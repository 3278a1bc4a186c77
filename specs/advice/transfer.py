"""Warnings about `model.weights_from`: layers that start from random weights."""

from collections.abc import Iterator, Mapping

from specs.experiment import ExperimentSpec
from specs.problem import quantity
from specs.transfer import describe_weights, layers_with_weights


def transfer_warnings(spec: ExperimentSpec, transferred: Mapping[str, str]) -> Iterator[str]:
    """`transferred` is the result of `transferred_layers`. A spec without `weights_from` has no warnings."""
    if spec.model.weights_from is None:
        return
    network = spec.network
    layers = layers_with_weights(network)
    fresh = [layer for layer in layers if layer.name not in transferred]
    if fresh:
        verb = "is" if len(transferred) == 1 else "are"
        yield (
            f"model.weights_from: {len(transferred)} of {quantity(len(layers), 'layer')} with weights {verb} "
            f"transferred; random weights in {describe_weights(fresh)}"
        )
    names = {layer.name for layer in fresh}
    frozen = [node.name for index, node in enumerate(network.nodes) if network.is_frozen(index) and node.name in names]
    if frozen:
        what = f"model.freeze {network.frozen}" if network.frozen else "`trainable: false`"
        yield (
            f"{what} freezes layers with random weights, not with weights of another "
            f"experiment: {', '.join(frozen)}; freeze fewer layers"
        )
