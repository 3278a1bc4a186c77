"""A model to take away: all that is needed to ask it elsewhere, in one zip."""
