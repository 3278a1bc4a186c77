"""Advice on the network: what it answers, and layers that undo each other."""

from collections.abc import Iterator
from itertools import chain, pairwise

from specs.assembly import AnyLayer, Node
from specs.experiment import ExperimentSpec
from specs.layers import Activation, Conv2D, Dense, Softmax

_NORMALIZING = frozenset({"BatchNormalization", "LayerNormalization"})
_DROPPING = frozenset({"Dropout", "SpatialDropout2D"})
_ADDS_NOTHING = _DROPPING | {"Flatten"}
_LION_SHARE = 0.8
_LARGE = 1_000_000


def network_warnings(spec: ExperimentSpec) -> Iterator[str]:
    about = (_about_answer, _about_softmax, _about_order, _about_linear_layers, _about_zeros, _about_size)
    return chain.from_iterable(each(spec) for each in about)


def _about_answer(spec: ExperimentSpec) -> Iterator[str]:
    network = spec.network
    # With softmax elsewhere, `_about_softmax` says what is wrong with its place.
    if network.last_activation != "softmax" and "softmax" not in map(_activation, network.layers):
        yield (
            f"the last activation is {network.last_activation}, not softmax: the network's answers are no "
            "probabilities; leave it out to get softmax"
        )


def _about_softmax(spec: ExperimentSpec) -> Iterator[str]:
    nodes = spec.network.nodes
    places = [index for index, node in enumerate(nodes) if _activation(node.layer) == "softmax"]
    for index in places:
        after = nodes[index + 1 :]
        if any(_activation(node.layer) for node in after):
            yield (
                f"{nodes[index].label} in the middle has softmax, which leaves little for the next layer to "
                "learn from; set it to relu"
            )
        for node in after if index == places[-1] else ():
            if node.layer.type in _NORMALIZING | _DROPPING:
                yield (
                    f"{node.label} comes after softmax: what it puts out are no probabilities; put it "
                    "before the last Dense"
                )


def _about_order(spec: ExperimentSpec) -> Iterator[str]:
    for first, second in _neighbours(spec.network.nodes):
        if first.layer.type in _DROPPING and second.layer.type == "BatchNormalization":
            yield (
                f"{first.label} comes before BatchNormalization, which then learns a variance that is wrong "
                "when nothing is dropped; put BatchNormalization first"
            )


def _about_linear_layers(spec: ExperimentSpec) -> Iterator[str]:
    nodes = spec.network.nodes
    telling = [node for node in nodes if node.layer.type not in _ADDS_NOTHING]
    for first, second in pairwise(telling):
        linear = isinstance(first.layer, Conv2D | Dense) and _activation(first.layer) == "linear"
        if linear and isinstance(second.layer, Conv2D | Dense) and _feeds(nodes, first, second):
            yield (
                f"{first.label} has no activation, so that it and {second.label} can do no more than one "
                "of them alone; set its activation to relu"
            )


def _about_zeros(spec: ExperimentSpec) -> Iterator[str]:
    for node in spec.network.nodes:
        layer = node.layer
        if isinstance(layer, Conv2D | Dense) and layer.kernel_initializer in ("zeros", "ones"):
            yield (
                f"{node.label} begins with all {layer.kernel_initializer}, so that all its units stay alike; "
                "glorot_uniform or he_normal tell them apart"
            )


def _about_size(spec: ExperimentSpec) -> Iterator[str]:
    network = spec.network
    total, largest = network.parameters.total, network.largest
    count = largest.parameters.total
    if total > _LARGE and isinstance(largest.layer, Dense) and count > _LION_SHARE * total:
        yield (
            f"{largest.label} has {count:,} of the {total:,} parameters; pooling before Flatten makes it smaller "
            "and faster, and less prone to learn by heart"
        )


def _activation(layer: AnyLayer) -> str | None:
    """None for a layer that has none to give."""
    if isinstance(layer, Softmax):
        return "softmax"
    if isinstance(layer, Activation | Conv2D | Dense):
        return layer.activation or "linear"
    return None


def _neighbours(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, Node]]:
    """Each layer with each that receives from it."""
    return ((nodes[source], node) for node in nodes for source in node.inputs if source >= 0)


def _feeds(nodes: tuple[Node, ...], first: Node, second: Node) -> bool:
    """Whether nothing but what adds nothing lies between the two."""
    source = second.inputs[0]
    while source >= 0 and nodes[source] is not first and nodes[source].layer.type in _ADDS_NOTHING:
        source = nodes[source].inputs[0]
    return source >= 0 and nodes[source] is first
