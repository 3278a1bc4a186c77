"""A network that reads handwritten digits, trained within a second."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits


@cache
def digits_network() -> bytes:
    """Logistic regression on scikit-learn's digits as an ONNX network: UINT8 (n, 8, 8, 1), ink is 255, to (n, 10)."""
    pixels, labels = load_digits(return_X_y=True)
    # Threads of BLAS wait for each other actively: on a busy machine half a minute instead of a tenth of a second.
    with threadpool_limits(1):
        fitted = LogisticRegression(max_iter=200).fit(pixels / 16, labels)
    weights: NDArray[np.float32] = (fitted.coef_.T / 255).astype(np.float32)
    constants = {
        "shape": np.array([-1, 64], dtype=np.int64),
        "weights": weights,
        "bias": fitted.intercept_.astype(np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["pixels", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["scores"]),
        helper.make_node("Add", ["scores", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", 8, 8, 1])
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "digits", [image], [answer], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=9)
    return bytes(model.SerializeToString())
