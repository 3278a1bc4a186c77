"""HTTP: routes, the serving of predictions, problems. Never imports Keras, TensorFlow or `worker`."""

__version__ = "0.2.0"
