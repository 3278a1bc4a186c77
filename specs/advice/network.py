"""Advice on the network: what it answers, and layers that undo each other."""

from collections.abc import Iterator
from itertools import chain, pairwise

from specs.experiment import ExperimentSpec
from specs.layers import Conv2D, Dense, Layer

_NORMALIZING = frozenset({"BatchNormalization", "LayerNormalization"})
_ADDS_NOTHING = frozenset({"Flatten", "Dropout", "SpatialDropout2D"})
_LION_SHARE = 0.8
_LARGE = 1_000_000


def network_warnings(spec: ExperimentSpec) -> Iterator[str]:
    about = (_about_answer, _about_softmax, _about_order, _about_linear_layers, _about_zeros, _about_size)
    return chain.from_iterable(each(spec) for each in about)


def _about_answer(spec: ExperimentSpec) -> Iterator[str]:
    network = spec.network()
    activation = network.answer_activation
    # With softmax elsewhere, `_about_softmax` says what is wrong with its place.
    if "softmax" not in map(_activation, network.layers):
        yield (
            f"the last activation is {activation}, not softmax: the network's answers are no "
            "probabilities; leave it out to get softmax"
        )


def _about_softmax(spec: ExperimentSpec) -> Iterator[str]:
    layers = spec.network().layers
    places = [index for index, layer in enumerate(layers) if _activation(layer) == "softmax"]
    for index in places:
        after = layers[index + 1 :]
        if any(_activation(layer) for layer in after):
            yield (
                f"{_named(layers, index)} in the middle has softmax, which leaves little for the next layer to learn "
                "from; set it to relu"
            )
        for offset, layer in enumerate(after, index + 1):
            if layer.type in _NORMALIZING | {"Dropout"} and index == places[-1]:
                yield (
                    f"{_named(layers, offset)} comes after softmax: what it puts out are no probabilities; put it "
                    "before the last Dense"
                )


def _about_order(spec: ExperimentSpec) -> Iterator[str]:
    layers = spec.network().layers
    for index, (first, second) in enumerate(pairwise(layers)):
        if first.type in ("Dropout", "SpatialDropout2D") and second.type == "BatchNormalization":
            yield (
                f"{_named(layers, index)} comes before BatchNormalization, which then learns a variance that is wrong "
                "when nothing is dropped; put BatchNormalization first"
            )


def _about_linear_layers(spec: ExperimentSpec) -> Iterator[str]:
    layers = spec.network().layers
    telling = [(index, layer) for index, layer in enumerate(layers) if layer.type not in _ADDS_NOTHING]
    for (index, first), (following, second) in pairwise(telling):
        if _activation(first) == "linear" and isinstance(second, Conv2D | Dense):
            yield (
                f"{_named(layers, index)} has no activation, so that it and {_named(layers, following)} can do no more "
                "than one of them alone; set its activation to relu"
            )


def _about_zeros(spec: ExperimentSpec) -> Iterator[str]:
    layers = spec.network().layers
    for index, layer in enumerate(layers):
        if isinstance(layer, Conv2D | Dense) and layer.kernel_initializer in ("zeros", "ones"):
            yield (
                f"{_named(layers, index)} begins with all {layer.kernel_initializer}, so that all units stay alike; "
                "glorot_uniform or he_normal tell them apart"
            )


def _about_size(spec: ExperimentSpec) -> Iterator[str]:
    network = spec.network()
    total = network.parameters.total
    index, largest = network.largest_layer
    count = largest.parameters.total
    if total > _LARGE and isinstance(largest.layer, Dense) and count > _LION_SHARE * total:
        yield (
            f"layers[{index}] Dense has {count:,} of the {total:,} parameters; pooling before Flatten makes "
            "it smaller and faster, and less prone to learn by heart"
        )


def _activation(layer: Layer) -> str | None:
    """None for a layer that has none to give."""
    if not hasattr(layer, "activation"):
        return None
    return layer.activation or "linear"


def _named(layers: tuple[Layer, ...], index: int) -> str:
    return f"layers[{index}] {layers[index].type}"
