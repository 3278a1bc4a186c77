import numpy as np
import pytest

from analysis.plots.classes import classes_figure
from models_store.evaluations.evaluation import ClassMetrics
from tests.analysis.plots.artists import xs_of
from tests.analysis.plots.layout import check


def metrics_of(classes: int, seed: int = 0) -> list[ClassMetrics]:
    values = np.random.default_rng(seed).uniform(0.5, 1, (classes, 3)).tolist()
    return [
        ClassMetrics(label=f"class {index}", precision=p, recall=r, f1=f, support=1_000 + index)
        for index, (p, r, f) in enumerate(values)
    ]


@pytest.mark.parametrize(("classes", "columns"), [(2, 1), (10, 1), (100, 2)])
def test_classes_are_sorted_by_f1_the_worst_first(classes: int, columns: int) -> None:
    per_class = metrics_of(classes)

    figure = check(lambda: classes_figure("run", "test", per_class))

    assert len(figure.axes) == columns
    expected = sorted(per_class, key=lambda each: each.f1 or 0.0)
    for key, label in {"f1": "F1", "precision": "precision", "recall": "recall"}.items():
        lines = [line for axes in figure.axes for line in axes.lines if line.get_label() == label]
        assert [value for line in lines for value in xs_of(line)] == [getattr(each, key) for each in expected]
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts == [text for each in expected for text in (each.label, f"{each.support:,}")]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["F1", "precision", "recall"]


def test_worst_hundred_of_many_classes_are_shown() -> None:
    figure = check(lambda: classes_figure("run", "test", metrics_of(150)))

    assert sum(len(xs_of(axes.lines[0])) for axes in figure.axes) == 100
    assert figure.texts[1].get_text().startswith("the worst 100 of 150 classes")


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_metrics_of_zero_and_one_are_within_the_axes(value: float) -> None:
    per_class = [each.model_copy(update={"precision": value, "recall": value, "f1": value}) for each in metrics_of(3)]

    figure = check(lambda: classes_figure("W" * 100, "validation", per_class))

    least, most = figure.axes[0].get_xlim()
    assert least < value < most


def test_long_and_illegible_names_fit() -> None:
    per_class = [
        each.model_copy(update={"label": label})
        for each, label in zip(metrics_of(3), ("กขค" * 13, "W" * 40, "كلب كبير جدا " * 3), strict=True)
    ]

    figure = check(lambda: classes_figure("run", "test", per_class))

    assert any(text.get_text().startswith("#0 □□") for text in figure.axes[0].texts)
