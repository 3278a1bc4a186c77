"""`trainyard demo`: one experiment from spec to predictions, in a minute."""
