"""Predictions, in this process, by ONNX Runtime."""
