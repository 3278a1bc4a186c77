"""The models of each dataset, best first, kept in memory until one of them changes."""

from models_store.models.catalogue import ModelCatalogue
from models_store.visibility import Privacy


class Rankings:
    """One command asks Redis whether anything has changed. For one thread at a time, which sees everything."""

    def __init__(self, catalogue: ModelCatalogue) -> None:
        self._catalogue = catalogue
        self._version: str | None = None
        self._datasets: list[str] = []
        self._ids: dict[tuple[str, Privacy], list[str]] = {}

    def datasets(self) -> list[str]:
        """As of now. Raises Unavailable while the index is unreachable or being rebuilt."""
        # First: what changes while the others are read is found at the next call.
        version = self._catalogue.version()
        if version != self._version:
            self._datasets, self._ids = self._catalogue.datasets(), {}
            self._version = version
        return self._datasets

    def ids(self, dataset: str) -> list[str]:
        """As of the last call of `datasets`. Raises Unavailable."""
        key = dataset, self._catalogue.privacy(dataset)
        if key not in self._ids:
            self._ids[key] = [record.id for record in self._catalogue.ranking(dataset)]
        return self._ids[key]
