"""The examples in the OpenAPI document of what other clients speak: real answers, shortened."""

from typing import Any

_ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
_NUMBER = "1759788737508"
_PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
_ROW = [0.0021, 0.0004, 0.9975]


def _answer(example: object) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": example}}}}


def _body(**examples: object) -> dict[str, Any]:
    shown = {name: {"value": value} for name, value in examples.items()}
    return {"requestBody": {"required": True, "content": {"application/json": {"examples": shown}}}}


ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"content": _PROBLEM, "description": "What was wrong with the request; the sentence is in `error`, too."},
    "503": {"content": _PROBLEM, "description": "No model yet, or not now: try again after `Retry-After` seconds."},
}

# -- TensorFlow Serving ----------------------------------------------------------------------------------------------

ALIVE = _answer({"status": "alive"})
MODEL_NAMES = _answer({"models": ["digits", "mnist"]})
MODEL_STATUS = _answer(
    {
        "model_version_status": [
            {"version": _NUMBER, "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        ],
        "name": "mnist",
        "ready": True,
    }
)


def _signature_tensor(name: str, datatype: str, *sizes: str) -> dict[str, Any]:
    shape = {"dim": [{"size": size, "name": ""} for size in sizes], "unknown_rank": False}
    return {"dtype": datatype, "tensor_shape": shape, "name": f"serving_default_{name}:0"}


_SIGNATURE = {
    "inputs": {"image": _signature_tensor("image", "DT_UINT8", "-1", "28", "28", "1")},
    "outputs": {"probabilities": _signature_tensor("probabilities", "DT_FLOAT", "-1", "10")},
    "method_name": "tensorflow/serving/predict",
}
MODEL_METADATA = _answer(
    {
        "model_spec": {"name": "mnist", "signature_name": "", "version": _NUMBER},
        "metadata": {
            "signature_def": {
                "@type": "type.googleapis.com/tensorflow.serving.SignatureDefMap",
                "signature_def": {"serving_default": _SIGNATURE},
            }
        },
    }
)
_IMAGE = {"b64": "iVBORw0KGgo..."}
PREDICT = _body(
    images={"instances": [_IMAGE, {"image": _IMAGE}]},
    numbers={"instances": [[1.5, -2.0], [0.3, 7.1]]},
    columns={"inputs": {"image": [_IMAGE]}},
)
PREDICTED = _answer({"predictions": [_ROW]})
CLASSIFY = _body(images={"examples": [{"image": _IMAGE}]})
CLASSIFIED = _answer({"result": [[["cat", 0.0021], ["dog", 0.0004], ["horse", 0.9975]]]})

# -- Open Inference Protocol v2 --------------------------------------------------------------------------------------

SERVER = _answer(
    {
        "name": "trainyard",
        "version": "0.2.0",
        "extensions": ["binary_tensor_data", "classification", "model_configuration"],
    }
)
LIVE = _answer({"live": True})
READY = _answer({"live": True, "ready": True})
INDEX = _answer([{"name": "mnist", "version": _ID, "state": "READY", "reason": ""}])
MODEL = _answer(
    {
        "name": "mnist",
        "versions": [_ID],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 28, 28, 1]}],
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]}],
    }
)
MODEL_READY = _answer({"name": "mnist", "ready": True})
MODEL_CONFIG = _answer(
    {
        "name": "mnist",
        "platform": "onnxruntime_onnx",
        "backend": "onnxruntime",
        "max_batch_size": 1000,
        "input": [{"name": "image", "data_type": "TYPE_UINT8", "dims": [28, 28, 1]}],
        "output": [{"name": "probabilities", "data_type": "TYPE_FP32", "dims": [10]}],
    }
)
_NUMBERS = {"name": "features", "shape": [1, 2], "datatype": "FP32", "data": [1.5, -2.0]}
_FILES = {"name": "image", "shape": [1], "datatype": "BYTES", "data": ["iVBORw0KGgo..."]}
INFER = _body(
    numbers={"id": "42", "inputs": [_NUMBERS]},
    images={
        "inputs": [_FILES],
        "outputs": [{"name": "probabilities", "parameters": {"classification": 3, "binary_data": False}}],
    },
)
INFERENCE = _answer(
    {
        "id": "42",
        "model_name": "blobs",
        "model_version": _ID,
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [1, 3], "data": _ROW}],
    }
)
