"""The inference runtime: from samples to predictions, by ONNX Runtime, in the process that imports it. No HTTP."""
