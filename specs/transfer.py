"""Transfer of weights between networks (`model.weights_from`): matching layers by type and shapes."""

from collections.abc import Sequence

from specs import limits
from specs.assembly import Node
from specs.layers import times
from specs.network import Network
from specs.schema import FieldError

_LISTED_LAYERS = 6
# A matched pair outweighs all equal names that a network can have.
_PAIR = limits.LAYERS + 1


def layers_with_weights(network: Network) -> list[Node]:
    """The layers that have weights, in the order of the layer table."""
    return [node for node in network.nodes if node.weights.all]


def transferred_layers(network: Network, source: Network) -> dict[str, str]:
    """Map names of layers of `network` to the layers of `source` whose weights they start from.

    Two layers match if their types and the shapes of all their weights are equal. The result is the longest common
    subsequence of both layer tables: it has the most layers, then the most equal names, then the earliest start. It
    preserves the order of the layers.

    Raises FieldError if no layer matches.
    """
    layers, others = layers_with_weights(network), layers_with_weights(source)
    best = _best_scores(layers, others)
    matched: dict[str, str] = {}
    at = other = 0
    while best[at][other]:
        score = _score(layers[at], others[other])
        if score and best[at][other] == score + best[at + 1][other + 1]:
            matched[layers[at].name] = others[other].name
            at, other = at + 1, other + 1
        elif best[at][other] == best[at][other + 1]:
            other += 1
        else:
            at += 1
    if not matched:
        raise FieldError(
            (),
            "none of its layers matches a layer of this network in type and shapes of weights; it has "
            f"{describe_weights(others)}; this network has {describe_weights(layers)}",
        )
    return matched


def _best_scores(layers: Sequence[Node], others: Sequence[Node]) -> list[list[int]]:
    """The score of the best common subsequence from each pair of positions on, by dynamic programming."""
    best = [[0] * (len(others) + 1) for _ in range(len(layers) + 1)]
    for at in range(len(layers) - 1, -1, -1):
        for other in range(len(others) - 1, -1, -1):
            score = _score(layers[at], others[other])
            paired = score + best[at + 1][other + 1] if score else 0
            best[at][other] = max(paired, best[at + 1][other], best[at][other + 1])
    return best


def _score(layer: Node, other: Node) -> int:
    """0 if the layers do not match."""
    if layer.layer.type != other.layer.type or layer.weights != other.weights:
        return 0
    return _PAIR + (layer.name == other.name)


def describe_weights(layers: Sequence[Node]) -> str:
    """Format layers with the shapes of their weights: conv2d (3x3x1x8, 8), dense (72x10, 10)."""
    listed = [f"{layer.name} ({', '.join(map(times, layer.weights.all))})" for layer in layers[:_LISTED_LAYERS]]
    more = [f"{len(layers) - _LISTED_LAYERS} more"] if len(layers) > _LISTED_LAYERS else []
    return ", ".join([*listed, *more]) or "no weights"
