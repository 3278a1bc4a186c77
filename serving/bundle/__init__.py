"""A bundle: a model with everything that predicting elsewhere needs, in one zip."""
