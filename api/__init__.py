"""HTTP: routes, the serving of predictions, problems. Never imports Keras, TensorFlow or `worker`."""
