"""The same network behind BentoML: `bentoml serve bentoml_service:Digits`."""

import os
from typing import Any

import bentoml
import numpy as np
import onnxruntime
from PIL.Image import Image


@bentoml.service(workers=1, traffic={"timeout": 60})
class Digits:
    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["MODEL_ONNX"], options)
        self.input = self.session.get_inputs()[0].name

    @bentoml.api  # type: ignore[untyped-decorator]
    def predict(self, file: Image) -> dict[str, Any]:
        pixels = np.asarray(file.convert("L").resize((28, 28)))[None, ..., None]
        probabilities = self.session.run(None, {self.input: pixels})[0][0]
        best = np.argsort(probabilities)[::-1][:3]
        return {"top": [{"label": str(index), "probability": float(probabilities[index])} for index in best]}
