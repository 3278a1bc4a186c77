"""What other clients already speak: TensorFlow Serving's REST API and the Open Inference Protocol v2."""
