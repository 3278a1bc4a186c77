"""Experiments as runs of MLflow, by its REST API, without its packages."""
