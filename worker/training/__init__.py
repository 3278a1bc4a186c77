"""The trainer: the only place with Keras and TensorFlow. It knows folders and events; no Redis, no Celery, no HTTP."""
