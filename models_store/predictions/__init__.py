"""Recent predictions, kept for correction."""
