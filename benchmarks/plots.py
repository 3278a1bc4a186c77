"""Cost of each plot once Matplotlib is loaded: CPU milliseconds on one thread and KB, as PNG and SVG.

The first plot of a kind also measures its glyphs, which are cached; the other columns are medians of later ones.

python -P benchmarks/plots.py
(-P, because benchmarks/api.py would shadow the package)
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from analysis.metrics import compute_metrics
from analysis.misclassified import Label
from analysis.plots import classes, confusion, histories, history, misclassified, reliability
from analysis.plots.figure import Format, render
from analysis.plots.plotted_history import PlottedHistory
from models_store.evaluations.evaluation import Evaluation
from models_store.predictions.class_probability import ClassProbability
from worker.evaluation.calibration import measure_calibration

ROUNDS = 5
SAMPLES = 10_000
Make = Callable[[], Figure]


def main() -> None:
    print(f"{'plot':34} {'first':>7} {'PNG ms':>7} {'SVG ms':>7} {'PNG KB':>7} {'SVG KB':>7}")
    render(lambda: history.history_figure(plotted_history(1)), "png")  # loads Matplotlib
    for name, make in plots().items():
        first, png = measure(make, "png", rounds=1)
        later, _ = measure(make, "png")
        svg_time, svg = measure(make, "svg")
        print(f"{name:34} {first:7.0f} {later:7.0f} {svg_time:7.0f} {png / 1e3:7.0f} {svg / 1e3:7.0f}", flush=True)


def measure(make: Make, image_format: Format, rounds: int = ROUNDS) -> tuple[float, int]:
    """Milliseconds and bytes."""
    times, size = [], 0
    for _ in range(rounds):
        started = time.process_time()
        size = len(render(make, image_format))
        times.append(1e3 * (time.process_time() - started))
    return statistics.median(times), size


def plots() -> dict[str, Make]:
    figures: dict[str, Make] = {}
    for epochs in (1, 20, 1_000, 10_000):
        figures[f"history, {epochs:,} epochs"] = partial(history.history_figure, plotted_history(epochs))
    for epochs in (20, 1_000):
        runs = [plotted_history(epochs, number) for number in range(8)]
        figures[f"8 histories, {epochs:,} epochs"] = partial(histories.histories_figure, runs)
    for count in (2, 10, 20, 100):
        figures |= plots_of_a_split(evaluation(count), count)
    for count in (1, 32):
        samples = [misclassified_sample(number) for number in range(count)]
        figures[f"misclassified, {count} images"] = partial(
            misclassified.misclassified_figure, "run", "test", samples, 812
        )
    return figures


def plots_of_a_split(evaluated: Evaluation, count: int) -> dict[str, Make]:
    labels, rows = evaluated.confusion_matrix.labels, evaluated.confusion_matrix.matrix
    return {
        f"confusion, {count} classes": partial(
            confusion.confusion_figure, "run", "test", labels, rows, ("counts", "shares")
        ),
        f"classes, {count} classes": partial(classes.classes_figure, "run", "test", evaluated.per_class),
        f"reliability, {count} classes": partial(reliability.reliability_figure, "run", "test", evaluated.calibration),
    }


def plotted_history(epochs: int, number: int = 0) -> PlottedHistory:
    generator = np.random.default_rng(number)
    time_ = np.arange(1, epochs + 1) / epochs
    names = ("loss", "val_loss", "accuracy", "val_accuracy")
    curves = [np.exp(-3 * time_), np.exp(-2 * time_), 1 - np.exp(-4 * time_), 0.9 - np.exp(-4 * time_)]
    values = [(curve + generator.normal(0, 0.01, epochs)).tolist() for curve in curves]
    return PlottedHistory(
        id=f"01K6W3E8Z4T5V6X7Y8Z9A0B1C{number}",
        name=f"run {number}",
        state=f"succeeded, {epochs:,} of {epochs:,} epochs",
        first=0,
        end=epochs,
        metrics=dict(zip(names, values, strict=True)),
        marked=epochs - 1,
        mark="published epoch",
        marked_metric="val_accuracy 0.9000",
        drops=[epochs // 2],
    )


def evaluation(classes: int) -> Evaluation:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, classes, SAMPLES)
    scores = 2 * generator.normal(size=(SAMPLES, classes)) + 6 * np.eye(classes)[truth]
    raised = np.exp(scores)
    predicted = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
    labels = [f"class number {index}" for index in range(classes)]
    return Evaluation(
        **dict(compute_metrics(predicted, truth, labels)),
        split="test",
        calibration=measure_calibration(predicted, truth, 1.3),
        training_precision="float32",
    )


def misclassified_sample(number: int) -> misclassified.PlottedSample:
    pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    guesses = [ClassProbability(f"class {index}", index, 0.6 / (index + 1)) for index in range(3)]
    return misclassified.PlottedSample(Image.fromarray(pixels), Label(label="class 1", index=1), guesses)


if __name__ == "__main__":
    main()
