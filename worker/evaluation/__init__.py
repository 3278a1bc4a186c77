"""A process of its own that asks a published network about a data set that it was not trained on."""
