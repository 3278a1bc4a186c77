"""An evaluation in words."""

from collections.abc import Iterator

from trainyard.cli.output import metrics_text
from trainyard.client import JsonObject


def evaluation_lines(evaluation: JsonObject) -> Iterator[str]:
    """The accuracy, then each pair of classes that was confused, the most frequent first."""
    yield f"Test accuracy {evaluation['accuracy']:.4f} on {evaluation['samples']:,} samples kept aside"
    yield from (f"  {line}" for line in confusion_lines(evaluation))


def split_line(evaluation: JsonObject) -> str:
    """The figures of one split."""
    names = ("accuracy", "top_3_accuracy", "balanced_accuracy", "loss")
    figures = {name: evaluation[name] for name in names} | {"macro_f1": evaluation["macro"]["f1"]}
    return f"{evaluation['split']:<10}  {metrics_text(figures)}"


def mistake_line(mistake: JsonObject) -> str:
    guesses = ", ".join(f"{guess['label']} {guess['probability']:.1%}" for guess in mistake["top"])
    doubt = "; probably mislabelled" if mistake["suspect"] else ""
    return f"sample {mistake['index']}, {mistake['true']['label']}: {guesses}{doubt}"


def confusion_lines(evaluation: JsonObject, most: int | None = None) -> Iterator[str]:
    """Pairs of classes that were confused, the most frequent first; `most` of them, or all."""
    labels, matrix = evaluation["confusion_matrix"]["labels"], evaluation["confusion_matrix"]["matrix"]
    confused = [
        (count, f"{labels[true]} taken for {labels[taken]}: {count} of {sum(row)}")
        for true, row in enumerate(matrix)
        for taken, count in enumerate(row)
        if count and taken != true
    ]
    for _, line in sorted(confused, key=lambda pair: -pair[0])[:most]:
        yield line
    if not confused:
        yield "none was taken for another class"
