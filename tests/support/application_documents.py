"""Writes the documents in specs/applications/documents: `python -m tests.support.application_documents [NAME ...]`."""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from specs.applications import APPLICATIONS

FOLDER = Path(__file__).parents[2] / "specs" / "applications" / "documents"
# Kernel, stride, factor of expansion, filters of each block, as in efficientnet_lite_builder.py for lite0.
_LITE_BLOCKS = [
    *[(3, 1, 1, 16)],
    *[(3, 2, 6, 24), (3, 1, 6, 24)],
    *[(5, 2, 6, 40), (5, 1, 6, 40)],
    *[(3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80)],
    *[(5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112)],
    *[(5, 2, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192)],
    *[(3, 1, 6, 320)],
]
_DROP = 0.2
_FAN_OUT = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal", "seed": None},
}
# How and when it was built.
_LEFT_OUT = ("build_config", "compile_config")


class _Graph:
    """A Functional model, layer by layer."""

    def __init__(self) -> None:
        self.layers: list[dict[str, Any]] = []

    def add(self, class_name: str, name: str, *inputs: str, **config: Any) -> str:
        """Returns `name`."""
        received = [
            {
                "class_name": "__keras_tensor__",
                "config": {"shape": [], "dtype": "float32", "keras_history": [each, 0, 0]},
            }
            for each in inputs
        ]
        args = [received] if len(received) > 1 else received
        nodes: list[Any] = [{"args": args, "kwargs": {}}] if inputs else []
        entry = {"module": "keras.layers", "class_name": class_name, "config": {"name": name, **config}, "name": name}
        self.layers.append({**entry, "registered_name": None, "inbound_nodes": nodes})
        return name

    def normalized(self, name: str, received: str, **config: Any) -> str:
        """A convolution without bias, and BatchNormalization."""
        is_depthwise = "filters" not in config
        kind, initializer = ("DepthwiseConv2D", "depthwise") if is_depthwise else ("Conv2D", "kernel")
        config = {"padding": "same", "use_bias": False, f"{initializer}_initializer": _FAN_OUT, **config}
        convolved = self.add(kind, f"{name}_conv", received, **config)
        return self.add("BatchNormalization", f"{name}_bn", convolved, axis=-1, momentum=0.99, epsilon=0.001)

    def activated(self, name: str, received: str, **config: Any) -> str:
        return self.add("ReLU", f"{name}_relu", self.normalized(name, received, **config), max_value=6.0)


def efficientnet_lite0() -> dict[str, Any]:
    """Without classifier. `keras.applications` does not have it."""
    graph = _Graph()
    last = graph.add("InputLayer", "input_layer", batch_shape=[None, None, None, 3], dtype="float32")
    last = graph.activated("stem", last, filters=32, kernel_size=[3, 3], strides=[2, 2])
    channels = 32
    for number, (kernel, stride, expansion, filters) in enumerate(_LITE_BLOCKS):
        block, start = f"block{number}", last
        if expansion > 1:
            last = graph.activated(f"{block}_expand", last, filters=expansion * channels, kernel_size=[1, 1])
        last = graph.activated(f"{block}_depthwise", last, kernel_size=[kernel] * 2, strides=[stride] * 2)
        last = graph.normalized(f"{block}_project", last, filters=filters, kernel_size=[1, 1])
        if stride == 1 and filters == channels:
            rate = _DROP * number / len(_LITE_BLOCKS)
            last = graph.add("Dropout", f"{block}_drop", last, rate=rate, noise_shape=[None, 1, 1, 1])
            last = graph.add("Add", f"{block}_add", start, last)
        channels = filters
    last = graph.activated("head", last, filters=1280, kernel_size=[1, 1])
    ends = {"input_layers": ["input_layer", 0, 0], "output_layers": [last, 0, 0]}
    config = {"name": "efficientnet_lite0", "trainable": True, "layers": graph.layers, **ends}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}


def document_of(name: str) -> dict[str, Any]:
    """Of the application, as Keras writes it now."""
    if name == "EfficientNetLite0":
        return efficientnet_lite0()
    import keras

    model = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(None, None, 3))
    document: dict[str, Any] = json.loads(model.to_json())
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if name not in _LEFT_OUT}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def main(names: list[str]) -> None:
    for name in names or APPLICATIONS:
        text = json.dumps(_plain(document_of(name)), separators=(",", ":"), sort_keys=True)
        (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1:])
