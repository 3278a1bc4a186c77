"""Explanations of one answer of an experiment's model."""

from trainyard.answers.explanations import Explanation
from trainyard.images import Image, read_image
from trainyard.operations.experiments import path_of
from trainyard.operations.operation import Operation, read_as


def explain(experiment_id: str, image: Image, label: str | None = None) -> Operation[Explanation]:
    """How much the probability of the answer, or of the class `label`, falls when a patch of `image` is hidden, place
    by place. `predict(..., explain="occlusion")` explains several answers."""
    files = [("file", read_image(image, 1))]
    path = f"{path_of(experiment_id)}/explanations"
    return Operation("POST", path, read_as(Explanation), {"class": label}, files=files)


def explain_sample(
    experiment_id: str, index: int, split: str = "test", label: str | None = None
) -> Operation[Explanation]:
    """The same for a sample that the network was evaluated on, by its index in `split`, as `misclassified` lists it."""
    path = f"{path_of(experiment_id)}/explanations"
    return Operation("POST", path, read_as(Explanation), {"index": index, "split": split, "class": label})
