"""The images of the datasets that everybody has."""

from pathlib import Path

from specs.dataset import Dataset
from worker.data.generated import digits
from worker.data.published import published
from worker.data.source import Source


def built_in(dataset: Dataset, datasets_dir: Path | None) -> Source:
    """All of them in memory, of their own size. Raises DatasetUnavailable."""
    return digits() if dataset.name == "digits" else published(dataset, datasets_dir)
