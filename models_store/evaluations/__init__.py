"""Evaluations of published networks."""
