"""HTTP: routes, the serving of predictions, problems. Never imports Keras, TensorFlow or `worker`."""

__version__ = "0.1.0"
