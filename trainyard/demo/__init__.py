"""`trainyard demo`: one experiment from the spec to predictions, in a minute."""
