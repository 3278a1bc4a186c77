"""Comparison of experiments: specs, metrics, flipped samples, lineage."""
