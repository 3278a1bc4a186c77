"""The trainer: the only package that imports Keras and TensorFlow. It knows no Redis, Celery or HTTP."""
