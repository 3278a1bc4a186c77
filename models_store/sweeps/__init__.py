"""Sweeps on disk: `sweeps/<id>/sweep.json` is the truth, its trials are ordinary experiments."""
