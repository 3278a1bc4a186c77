"""Files as a listing of an archive has them."""

from worker.conversion.labels import Labels
from worker.conversion.members import FoundFile


def found(*names: str) -> list[FoundFile]:
    return [FoundFile(position, tuple(name.split("/")), name) for position, name in enumerate(names)]


def labeled(labels: Labels, files: list[FoundFile]) -> dict[str, tuple[str, str]]:
    """The split and the class of each file, by name."""
    names = {file.position: file.name for file in files}
    return {names[position]: (label.split, label.name) for position, label in labels.by_position.items()}
