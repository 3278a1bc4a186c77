"""Corrected predictions, collected into datasets."""
