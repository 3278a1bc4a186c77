"""Builds networks from layers: completes the last layer, and checks output, parameters and number of layers."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from specs import limits
from specs.assembly import INPUT, Assembly, NamedLayer, Node, location_in_layers
from specs.input_augmentation import InputAugmentation
from specs.layers import (
    ELU,
    Activation,
    Dense,
    Layer,
    LeakyReLU,
    Merge,
    Normalization,
    PReLU,
    ReLU,
    Rescaling,
    Residual,
    Shape,
    Softmax,
    times,
)
from specs.network import Network
from specs.schema import FieldError, Findings


def build_network(layers: Sequence[Layer], input_shape: Shape, classes: int) -> Network:
    """Build the network of `layers`, completed, on samples of `input_shape`, with one output value per class.

    Raises FieldError with a path that starts with the index of the layer, or that is empty if no single layer is at
    fault.
    """
    assembly = Assembly(input_shape)
    last = INPUT
    for index, layer in enumerate(complete_layers(layers, classes)):
        last = assembly.add(layer, last, location_in_layers(index, layer))
    return _check(assembly, classes)


def build_graph(layers: Sequence[NamedLayer], input_shape: Shape, classes: int) -> Network:
    """Build a network of layers that name their inputs; the last one is the output.

    Raises FieldErrors for all layers that do not fit, and FieldError for a network that does not.
    """
    assembly, findings = Assembly(input_shape), Findings()
    built: dict[int, int] = {INPUT: INPUT}
    for index, each in enumerate(layers):
        inputs = tuple(built[source] for source in each.inputs if source in built)
        if len(inputs) < len(each.inputs):
            continue  # behind a layer that does not fit, no shape is known
        with findings.collect():
            each.check_channels(assembly.shape(inputs[0]))
            built[index] = assembly.append(each.layer, inputs, each.location, each.name, trainable=each.trainable)
    findings.check()
    network = _check(assembly, classes)
    _check_augmentation(network)
    if network.parameters.total > 0 and network.parameters.trainable == 0:
        raise FieldError((), "every layer has `trainable: false`, so that nothing is learned; set some to true")
    return network


def complete_layers(layers: Sequence[Layer], classes: int) -> tuple[Layer, ...]:
    """Return `layers` with one unit per class and softmax in the last Dense, unless these are given; the activation of
    one unit is sigmoid.

    No activation is added if an activation follows as a layer.
    """
    index = _last_dense(layers)
    if index is None:
        return tuple(layers)
    last, following = layers[index], layers[index + 1 :]
    assert isinstance(last, Dense)  # noqa: S101 - found as one
    filled: dict[str, Any] = {}
    if last.units is None:
        filled["units"] = classes
    if "activation" not in last.model_fields_set and all(_passes_on(layer) for layer in following):
        filled["activation"] = "sigmoid" if last.units == 1 else "softmax"
    return (*layers[:index], last.model_copy(update=filled), *following)


def _last_dense(layers: Sequence[Layer]) -> int | None:
    """The index of the Dense whose units are the network's output."""
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        if isinstance(layer, Dense):
            return index
        if isinstance(layer, Residual) or not layer.keeps_channels:
            return None
    return None


def _passes_on(layer: Layer) -> bool:
    if isinstance(layer, Residual | Activation | LeakyReLU | ReLU | ELU | PReLU | Softmax):
        return False
    return layer.keeps_output


def _check(assembly: Assembly, classes: int) -> Network:
    network = Network(assembly.input_shape, tuple(assembly.nodes))
    if len(network.nodes) > limits.LAYERS:
        raise FieldError(
            (),
            f"the network has {len(network.nodes)} layers, including those inside Residual blocks, which exceeds the "
            f"limit of {limits.LAYERS}",
        )
    _check_output(network, classes)
    _check_parameters(network)
    return network


def _check_output(network: Network, classes: int) -> None:
    shape = network.shapes[-1]
    node = _output_node(network)
    layer = node.layer
    if shape == (1,) and classes == 2:
        _check_binary(network, node)
        return
    if shape == (classes,):
        return
    if isinstance(layer, Dense) and len(shape) == 1 and layer.units != classes:
        units = "1 unit" if layer.units == 1 else f"{layer.units} units"
        detail = f"has {units}, but there are {classes} classes; set `units` to {classes}"
        raise node.location.locate(FieldError(("units",), detail))
    if len(shape) == 1:
        advice = "add {type: Dense} at the end"
    elif isinstance(layer, Dense):
        advice = f"put {{type: Flatten}} before {node.label}"
    else:
        advice = "add {type: Flatten} and {type: Dense} at the end"
    raise FieldError((), f"the last layer has output shape {times(shape)}, but there are {classes} classes; {advice}")


def _check_binary(network: Network, node: Node) -> None:
    if network.last_activation == "softmax":
        detail = "softmax of one unit is always 1; use sigmoid, or 2 units"
        raise node.location.locate(FieldError(("activation",), detail))


def _check_augmentation(network: Network) -> None:
    """The input pipeline can only do what nothing but scaling comes before."""
    received_from = Counter(source for node in network.nodes for source in node.inputs)
    at_input = True
    for index, node in enumerate(network.nodes):
        at_input = at_input and received_from[index - 1] == 1
        if isinstance(node.layer, InputAugmentation) and not at_input:
            detail = "must come before all layers but Rescaling and Normalization: it changes the images of the dataset"
            raise node.location.locate(FieldError(("type",), detail))
        at_input = at_input and isinstance(node.layer, InputAugmentation | Rescaling | Normalization)


def _output_node(network: Network) -> Node:
    """The layer that computes the output: the last one that does not just pass its input on."""
    node = network.nodes[-1]
    while not isinstance(node.layer, Merge) and node.layer.keeps_output and node.inputs[0] >= 0:
        node = network.nodes[node.inputs[0]]
    return node


def _check_parameters(network: Network) -> None:
    total = network.parameters.total
    if total <= limits.PARAMETERS:
        return
    largest = network.largest
    raise FieldError(
        (),
        f"the network has {total:,} parameters, which exceeds the limit of {limits.PARAMETERS:,}; {largest.label} "
        f"alone has {largest.parameters.total:,}",
    )
