"""Histories as log directories of TensorBoard."""
