"""Plots and images."""

from typing import Any, Literal

from trainyard.figure import Figure
from trainyard.operations.experiments import Spec, path_of, validate
from trainyard.operations.operation import Operation, segment

Plot = Literal["history", "confusion", "classes", "reliability", "mistakes", "augmentation", "learning_rate"]
SpecPlot = Literal["augmentation", "learning_rate"]
ComparisonPlot = Literal["history", "confusion"]
SweepPlot = Literal["history", "parallel", "slices", "contour", "importance"]
Format = Literal["png", "svg"]


def plot(experiment_id: str, kind: Plot = "history", image_format: Format = "png", **options: Any) -> Operation[Figure]:
    """A plot of an experiment. `options` are the query parameters of that plot: `split`, `normalize`, `skip`, ..."""
    return Operation("GET", f"{path_of(experiment_id)}/plots/{kind}.{image_format}", Figure.of, options)


def plot_spec(spec: Spec, kind: SpecPlot = "augmentation", image_format: Format = "png") -> Operation[Figure]:
    """A plot of a spec that is not queued: augmented training samples, or the learning rate of every step."""
    document = validate(spec)
    path = f"/experiments:plot/{kind}.{image_format}"
    return Operation("POST", path, Figure.of, content=document.content, headers=document.headers)


def plot_comparison(
    *experiment_ids: str, kind: ComparisonPlot = "history", image_format: Format = "png", **options: Any
) -> Operation[Figure]:
    """The histories, or the confusion matrices, of several experiments in one plot. `options` are the query parameters
    of that plot: `skip`, or `split` and `normalize`."""
    params = {"ids": ",".join(experiment_ids), **options}
    return Operation("GET", f"/compare/plots/{kind}.{image_format}", Figure.of, params)


def plot_sweep(sweep_id: str, kind: SweepPlot = "history", image_format: Format = "png") -> Operation[Figure]:
    """The trials of a sweep in their order, as `parallel` coordinates, as `slices` by each dimension, as a `contour`
    over the two most important ones; or the `importance` of each."""
    return Operation("GET", f"/sweeps/{segment(sweep_id)}/plots/{kind}.{image_format}", Figure.of)


def image(path: str) -> Operation[Figure]:
    """The image at a path that an answer contains, such as `misclassified(...)[0].image`."""
    return Operation("GET", path, Figure.of)
