"""Which layers of a network can begin with the weights of another one's: `model.weights_from`."""

from collections.abc import Mapping, Sequence

from specs import limits
from specs.assembly import Node
from specs.layers import times
from specs.network import Network
from specs.schema import FieldError

_SHOWN_LAYERS = 6
# A pair weighs more than all the equal names that a network can have.
_PAIR = limits.LAYERS + 1

Taken = Mapping[str, str]


def layers_with_weights(network: Network) -> list[Node]:
    """In the order of the layer table."""
    return [node for node in network.nodes if node.weights.all]


def transferred_layers(network: Network, source: Network) -> dict[str, str]:
    """From a layer of `network` to the one of `source` with whose weights it begins, by name.

    Two layers agree where their types and the shapes of all their weights do. Of both layer tables the longest common
    row of agreeing layers is taken: it has most layers, of equal ones most equal names, and then begins earliest. The
    order is kept, so that what is early in one network never comes late in the other.

    Raises FieldError where there is nothing to take.
    """
    layers, others = layers_with_weights(network), layers_with_weights(source)
    best = _best_rows(layers, others)
    taken: dict[str, str] = {}
    at = other = 0
    while best[at][other]:
        worth = _worth(layers[at], others[other])
        if worth and best[at][other] == worth + best[at + 1][other + 1]:
            taken[layers[at].name] = others[other].name
            at, other = at + 1, other + 1
        elif best[at][other] == best[at][other + 1]:
            other += 1
        else:
            at += 1
    if not taken:
        raise FieldError(
            (),
            "none of its layers agrees with one of this network in type and shapes of weights; it has "
            f"{in_words(others)}; this network has {in_words(layers)}",
        )
    return taken


def _best_rows(layers: Sequence[Node], others: Sequence[Node]) -> list[list[int]]:
    """What the best common row is worth from each pair of places on (longest common subsequence)."""
    best = [[0] * (len(others) + 1) for _ in range(len(layers) + 1)]
    for at in range(len(layers) - 1, -1, -1):
        for other in range(len(others) - 1, -1, -1):
            worth = _worth(layers[at], others[other])
            paired = worth + best[at + 1][other + 1] if worth else 0
            best[at][other] = max(paired, best[at + 1][other], best[at][other + 1])
    return best


def _worth(layer: Node, other: Node) -> int:
    """0 where the two do not agree."""
    if layer.layer.type != other.layer.type or layer.weights != other.weights:
        return 0
    return _PAIR + (layer.name == other.name)


def in_words(layers: Sequence[Node]) -> str:
    """With the shapes of their weights: conv2d (3x3x1x8, 8), dense (72x10, 10)"""
    shown = [f"{layer.name} ({', '.join(map(times, layer.weights.all))})" for layer in layers[:_SHOWN_LAYERS]]
    more = [f"{len(layers) - _SHOWN_LAYERS} more"] if len(layers) > _SHOWN_LAYERS else []
    return ", ".join([*shown, *more]) or "no weights at all"
