"""Diagnosis of a training run: rules over history and evaluation, each with evidence and a suggested change.

Rules are pure functions of a `TrainingRun`. `docs/results.md` lists them for users.
"""
