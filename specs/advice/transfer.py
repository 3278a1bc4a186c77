"""Advice on `model.weights_from`: what begins at random nevertheless."""

from collections.abc import Iterator

from specs.experiment import ExperimentSpec
from specs.transfer import Taken, in_words, layers_with_weights


def transfer_warnings(spec: ExperimentSpec, taken: Taken) -> Iterator[str]:
    """`taken` is what `transferred_layers` found; of a spec without `weights_from` there is nothing to say."""
    if spec.model.weights_from is None:
        return
    network = spec.network
    layers = layers_with_weights(network)
    left = [layer for layer in layers if layer.name not in taken]
    if left:
        yield (
            f"model.weights_from: {len(taken)} of {len(layers)} layers with weights are taken; these begin at random: "
            f"{in_words(left)}"
        )
    names = {layer.name for layer in left}
    frozen = [layer.name for layer in network.nodes[: network.frozen] if layer.name in names]
    if frozen:
        yield (
            f"model.freeze {network.frozen} keeps layers as they are that begin at random, not with weights of another "
            f"experiment: {', '.join(frozen)}; freeze fewer layers"
        )
