"""Evaluations as lines of text."""

from collections.abc import Iterator

from trainyard.answers.evaluations import ConfusionMatrix, Evaluation, EvaluationView, Mistake
from trainyard.cli.views.text import metrics_text

_WORST_CLASSES = 3
_CONFUSIONS = 3


def evaluation_lines(evaluation: Evaluation) -> Iterator[str]:
    """The accuracy, then each pair of confused classes, most frequent first."""
    yield f"Test accuracy {evaluation.accuracy:.4f} on {evaluation.samples:,} held-out samples"
    yield from (f"  {line}" for line in confusion_lines(evaluation.confusion_matrix))


def split_line(evaluation: Evaluation) -> str:
    """The metrics of one split."""
    metrics = {
        "accuracy": evaluation.accuracy,
        "top_3_accuracy": evaluation.top_3_accuracy,
        "balanced_accuracy": evaluation.balanced_accuracy,
        "loss": evaluation.loss,
        "macro_f1": evaluation.macro.f1,
    }
    return f"{evaluation.split:<10}  {metrics_text(metrics)}"


def misclassified_line(sample: Mistake) -> str:
    guesses = ", ".join(f"{guess.label} {guess.probability:.1%}" for guess in sample.top)
    doubt = "; possibly mislabeled" if sample.suspect else "; label confirmed" if sample.confirmed else ""
    if sample.corrected is not None:
        doubt = f"; corrected to {sample.corrected}"
    name = f"sample {sample.index}" if sample.file is None else sample.file
    return f"{name}, {sample.true.label}: {guesses}{doubt}"


def confusion_lines(confusion: ConfusionMatrix, limit: int | None = None) -> Iterator[str]:
    """Pairs of confused classes, most frequent first; all of them, or `limit`."""
    labels = confusion.labels
    pairs = [
        (count, f"{labels[true]} predicted as {labels[predicted]}: {count} of {sum(row)}")
        for true, row in enumerate(confusion.matrix)
        for predicted, count in enumerate(row)
        if count and predicted != true
    ]
    for _, line in sorted(pairs, key=lambda pair: -pair[0])[:limit]:
        yield line
    if not pairs:
        yield "no class was predicted as another"


def cross_dataset_lines(view: EvaluationView) -> Iterator[str]:
    """Accuracy and macro F1, the classes of lowest F1 among those with samples, the most frequent confusions."""
    evaluation = view.evaluation
    if view.test_hidden:
        yield f"the results on the test split of {view.dataset} are hidden until they are revealed"
        return
    if evaluation is None:
        yield f"the evaluation on {view.dataset} {view.status}: {view.error}"
        return
    resized = ", only resized" if view.prep == "none" else ""
    yield (
        f"on {view.dataset} ({view.split}{resized}): accuracy {evaluation.accuracy:.4f}, "
        f"macro F1 {evaluation.macro.f1:.4f} on {evaluation.samples:,} samples"
    )
    classes = evaluation.per_class
    present = [row for row in classes if row.support]
    if len(present) < len(classes):
        yield f"  {len(present)} of {len(classes)} classes have samples there; the macro mean leaves the others out"
    for row in sorted(present, key=lambda each: each.f1 or 0.0)[:_WORST_CLASSES]:
        f1, precision, recall = (
            "none" if each is None else f"{each:.4f}" for each in (row.f1, row.precision, row.recall)
        )
        yield f"  {row.label}: F1 {f1}, precision {precision}, recall {recall} of {row.support:,}"
    yield from (f"  {line}" for line in confusion_lines(evaluation.confusion_matrix, _CONFUSIONS))
