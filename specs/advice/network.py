"""Warnings about the network: its input and output, its size, and layers that undo each other."""

from collections.abc import Iterator
from itertools import chain, pairwise

from specs.advice.advice import Advice
from specs.advice.scaling import scaling_layer
from specs.assembly import AnyLayer, Node
from specs.experiment import ExperimentSpec
from specs.layers import Activation, Conv2D, Dense, Flatten, Softmax
from specs.training import default_batch_size

_NORMALIZING = frozenset({"BatchNormalization", "LayerNormalization"})
_DROPPING = frozenset({"Dropout", "SpatialDropout2D"})
_ADDS_NOTHING = _DROPPING | {"Flatten"}
# Taken as logits as they are: softmax(log_softmax(x)) is softmax(x).
_LOGITS = frozenset({"linear", "log_softmax"})
_DOMINANT_SHARE = 0.8
_LARGE = 1_000_000


def network_advice(spec: ExperimentSpec) -> Iterator[Advice]:
    about = (
        *(_about_answer, _about_scale, _about_batch_statistics, _about_frozen, _about_softmax, _about_order),
        *(_about_linear_layers, _about_zeros, _about_size),
    )
    return chain.from_iterable(each(spec) for each in about)


def _about_answer(spec: ExperimentSpec) -> Iterator[Advice]:
    """Without an activation the outputs are logits, which the loss and the served model take as such."""
    network = spec.network
    last = network.last_activation
    # `_about_softmax` covers a softmax in the wrong position.
    if network.gives_probabilities or last in _LOGITS or "softmax" in map(_activation, network.layers):
        return
    wanted = "sigmoid" if network.is_binary else "softmax"
    change = f"set it to {wanted}" if spec.model.layers is None else f"leave it out to get {wanted}"
    yield Advice(f"the last activation is {last}: its outputs are taken as logits, which it restricts; {change}")


def _about_scale(spec: ExperimentSpec) -> Iterator[Advice]:
    scale, scaling = spec.preprocessing.scale, scaling_layer(spec.network)
    if spec.dataset.facts.has_images and scale != "none" and scaling is not None:
        yield Advice(
            f"{scaling.label} scales pixels that preprocessing.scale, {scale}, has scaled already: the network "
            "receives almost no contrast and hardly learns; set preprocessing.scale to none",
            {"preprocessing": {"scale": "none"}},
        )


def _about_batch_statistics(spec: ExperimentSpec) -> Iterator[Advice]:
    if spec.training.batch_size > 1:
        return
    normalizing = [node for node in spec.network.nodes if node.layer.type == "BatchNormalization" and node.trainable]
    better = default_batch_size(spec.dataset.split_sizes().training)
    if normalizing:
        more = spec.dataset.more_samples(spec.dataset.facts.classes)
        change = (
            f"set training.batch_size to {better}"
            if better > 1
            else f"{f'{more}, or ' if more else ''}remove the layer"
        )
        yield Advice(
            f"{normalizing[0].label} takes mean and variance of a batch, but training.batch_size is 1: what it learns "
            f"is useless in prediction; {change}",
            {"training": {"batch_size": better}} if better > 1 else None,
        )


def _about_frozen(spec: ExperimentSpec) -> Iterator[Advice]:
    if spec.model.weights_from is not None or spec.model.starts_from_imagenet:
        return
    network = spec.network
    frozen = [node for index, node in enumerate(network.nodes) if network.is_frozen(index) and node.weights.trainable]
    if frozen:
        what = frozen[0].label if len(frozen) == 1 else f"{len(frozen)} layers with weights, {frozen[0].label} first,"
        verb = "is" if len(frozen) == 1 else "are"
        yield Advice(
            f"{what} {verb} frozen with random weights; name the experiment to start from in model.weights_from, or do "
            "not freeze"
        )


def _about_softmax(spec: ExperimentSpec) -> Iterator[Advice]:
    nodes = spec.network.nodes
    positions = [index for index, node in enumerate(nodes) if _activation(node.layer) == "softmax"]
    for index in positions:
        after = nodes[index + 1 :]
        if any(_activation(node.layer) for node in after):
            yield Advice(
                f"{nodes[index].label} has softmax before the output, which leaves little information for "
                "the next layer; set it to relu"
            )
        for node in after if index == positions[-1] else ():
            if node.layer.type in _NORMALIZING | _DROPPING:
                yield Advice(
                    f"{node.label} comes after softmax, so that its outputs are not probabilities; "
                    "put it before the last Dense"
                )


def _about_order(spec: ExperimentSpec) -> Iterator[Advice]:
    for first, second in _neighbors(spec.network.nodes):
        if first.layer.type in _DROPPING and second.layer.type == "BatchNormalization":
            yield Advice(
                f"{first.label} comes before BatchNormalization, which then learns a variance that is wrong "
                "without dropout; put BatchNormalization first"
            )


def _about_linear_layers(spec: ExperimentSpec) -> Iterator[Advice]:
    nodes = spec.network.nodes
    computing = [node for node in nodes if node.layer.type not in _ADDS_NOTHING]
    for first, second in pairwise(computing):
        linear = isinstance(first.layer, Conv2D | Dense) and _activation(first.layer) == "linear"
        if linear and isinstance(second.layer, Conv2D | Dense) and _feeds(nodes, first, second):
            yield Advice(
                f"{first.label} has no activation, so that it and {second.label} together are as linear as "
                "one layer; set its activation to relu"
            )


def _about_zeros(spec: ExperimentSpec) -> Iterator[Advice]:
    for node in spec.network.nodes:
        layer = node.layer
        if isinstance(layer, Conv2D | Dense) and layer.kernel_initializer in ("zeros", "ones"):
            yield Advice(
                f"{node.label} starts from all {layer.kernel_initializer}, so that all its units stay equal; use "
                "glorot_uniform or he_normal"
            )


def _about_size(spec: ExperimentSpec) -> Iterator[Advice]:
    network = spec.network
    total, largest = network.parameters.total, network.largest
    count = largest.parameters.total
    if total > _LARGE and isinstance(largest.layer, Dense) and count > _DOMINANT_SHARE * total:
        flattens = any(isinstance(layer, Flatten) for layer in network.layers) and spec.dataset.facts.has_images
        change = "add pooling before Flatten" if flattens else "give it fewer units"
        yield Advice(
            f"{largest.label} has {count:,} of the {total:,} parameters; {change} to make it smaller, faster and less "
            "prone to overfitting"
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
