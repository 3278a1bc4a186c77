"""URLs of the images of evaluated samples."""

from specs.splits import SplitName


def sample_url(experiment_id: str, split: SplitName, row: int) -> str:
    """Of a sample of the experiment's own dataset."""
    return f"/experiments/{experiment_id}/samples/{split}/{row}.png"


def cross_dataset_sample_url(experiment_id: str, dataset: str, row: int) -> str:
    """Of a sample of another dataset that the experiment was evaluated on."""
    return f"/experiments/{experiment_id}/evaluations/{dataset}/samples/{row}.png"
