"""Warnings about the network: its output, its size, and layers that undo each other."""

from collections.abc import Iterator
from itertools import chain, pairwise

from specs.assembly import AnyLayer, Node
from specs.experiment import ExperimentSpec
from specs.layers import Activation, Conv2D, Dense, Softmax

_NORMALIZING = frozenset({"BatchNormalization", "LayerNormalization"})
_DROPPING = frozenset({"Dropout", "SpatialDropout2D"})
_ADDS_NOTHING = _DROPPING | {"Flatten"}
_DOMINANT_SHARE = 0.8
_LARGE = 1_000_000


def network_warnings(spec: ExperimentSpec) -> Iterator[str]:
    about = (_about_answer, _about_softmax, _about_order, _about_linear_layers, _about_zeros, _about_size)
    return chain.from_iterable(each(spec) for each in about)


def _about_answer(spec: ExperimentSpec) -> Iterator[str]:
    network = spec.network
    # `_about_softmax` covers a softmax in the wrong position.
    if network.last_activation != "softmax" and "softmax" not in map(_activation, network.layers):
        yield (
            f"the last activation is {network.last_activation}, not softmax: the outputs of the network are not "
            "probabilities; leave it out to get softmax"
        )


def _about_softmax(spec: ExperimentSpec) -> Iterator[str]:
    nodes = spec.network.nodes
    positions = [index for index, node in enumerate(nodes) if _activation(node.layer) == "softmax"]
    for index in positions:
        after = nodes[index + 1 :]
        if any(_activation(node.layer) for node in after):
            yield (
                f"{nodes[index].label} has softmax before the output, which leaves little information for "
                "the next layer; set it to relu"
            )
        for node in after if index == positions[-1] else ():
            if node.layer.type in _NORMALIZING | _DROPPING:
                yield (
                    f"{node.label} comes after softmax, so that its outputs are not probabilities; "
                    "put it before the last Dense"
                )


def _about_order(spec: ExperimentSpec) -> Iterator[str]:
    for first, second in _neighbors(spec.network.nodes):
        if first.layer.type in _DROPPING and second.layer.type == "BatchNormalization":
            yield (
                f"{first.label} comes before BatchNormalization, which then learns a variance that is wrong "
                "without dropout; put BatchNormalization first"
            )


def _about_linear_layers(spec: ExperimentSpec) -> Iterator[str]:
    nodes = spec.network.nodes
    computing = [node for node in nodes if node.layer.type not in _ADDS_NOTHING]
    for first, second in pairwise(computing):
        linear = isinstance(first.layer, Conv2D | Dense) and _activation(first.layer) == "linear"
        if linear and isinstance(second.layer, Conv2D | Dense) and _feeds(nodes, first, second):
            yield (
                f"{first.label} has no activation, so that it and {second.label} together are as linear as "
                "one layer; set its activation to relu"
            )


def _about_zeros(spec: ExperimentSpec) -> Iterator[str]:
    for node in spec.network.nodes:
        layer = node.layer
        if isinstance(layer, Conv2D | Dense) and layer.kernel_initializer in ("zeros", "ones"):
            yield (
                f"{node.label} starts from all {layer.kernel_initializer}, so that all its units stay equal; use "
                "glorot_uniform or he_normal"
            )


def _about_size(spec: ExperimentSpec) -> Iterator[str]:
    network = spec.network
    total, largest = network.parameters.total, network.largest
    count = largest.parameters.total
    if total > _LARGE and isinstance(largest.layer, Dense) and count > _DOMINANT_SHARE * total:
        yield (
            f"{largest.label} has {count:,} of the {total:,} parameters; add pooling before Flatten to make it "
            "smaller, faster and less prone to overfitting"
        )


def _activation(layer: AnyLayer) -> str | None:
    """The name of the activation; None for a layer that cannot have one."""
    if isinstance(layer, Softmax):
        return "softmax"
    if isinstance(layer, Activation | Conv2D | Dense):
        return layer.activation or "linear"
    return None


def _neighbors(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, Node]]:
    """Pairs of a layer and a layer that receives from it."""
    return ((nodes[source], node) for node in nodes for source in node.inputs if source >= 0)


def _feeds(nodes: tuple[Node, ...], first: Node, second: Node) -> bool:
    """Whether `second` receives from `first`, through layers in `_ADDS_NOTHING` at most."""
    source = second.inputs[0]
    while source >= 0 and nodes[source] is not first and nodes[source].layer.type in _ADDS_NOTHING:
        source = nodes[source].inputs[0]
    return source >= 0 and nodes[source] is first
