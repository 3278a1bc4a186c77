"""A process of its own that asks a published network about a dataset that it was not trained on."""
