"""How good a finished experiment is, and what it gets wrong."""
