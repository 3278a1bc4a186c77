"""The same network behind LitServe."""

import os
from io import BytesIO
from typing import Any

import litserve
import numpy as np
import onnxruntime
from fastapi import Request
from PIL import Image


class Digits(litserve.LitAPI):  # type: ignore[misc]
    def setup(self, device: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["MODEL_ONNX"], options)
        self.input = self.session.get_inputs()[0].name

    def decode_request(self, request: Request) -> Any:
        # The request is the parsed form.
        image = Image.open(BytesIO(request["file"].file.read())).convert("L").resize((28, 28))
        return np.asarray(image)[None, ..., None]

    def predict(self, x: Any) -> Any:
        return self.session.run(None, {self.input: x})[0][0]

    def encode_response(self, output: Any) -> dict[str, Any]:
        best = np.argsort(output)[::-1][:3]
        return {"top": [{"label": str(index), "probability": float(output[index])} for index in best]}


if __name__ == "__main__":
    server = litserve.LitServer(Digits(), accelerator="cpu", workers_per_device=1)
    server.run(port=int(os.environ["PORT"]), host="127.0.0.1", log_level="warning", generate_client_file=False)
