"""The test split as a holdout: who has looked at its results, and whether they are withheld."""
