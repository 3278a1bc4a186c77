"""Rules about classes that the network finds hard."""

from analysis.diagnosis import suggestions
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.number_format import percent, round_digits
from analysis.diagnosis.training_run import TrainingRun

# Google's Machine Learning Crash Course calls it a mild imbalance if 20 to 40 percent of the samples of two classes are
# of the rarer: one to three lies in it.
_IMBALANCE = 3
# A rare class whose recall is so many points below accuracy suffers from the imbalance.
_SUFFERS = 0.1
# A tenth of all errors in one pair of ten classes (which has 45) is five times what chance gives.
_NOTABLE_SHARE = 0.1
_TIMES_CHANCE = 3
# A share of fewer errors means nothing.
_MIN_ERRORS = 3
# A network that is wrong half of the time confuses all classes with all.
_MAX_WRONG = 0.5
_PAIRS = 3


def class_imbalance(run: TrainingRun) -> Finding | None:
    """Some classes have many times the samples of others, which count for little in the loss (He & Garcia 2009,
    "Learning from Imbalanced Data"; the remedy is Keras's and scikit-learn's `class_weight`)."""
    facts = run.spec.dataset.facts
    counted = sorted(zip(facts.training_counts, facts.classes, strict=True))
    (least, rare), (most, frequent) = counted[0], counted[-1]
    if run.spec.training.class_weight is not None or least == 0 or most < _IMBALANCE * least:
        return None
    recall, accuracy = _recall(run, rare)
    suffers = recall is not None and accuracy - recall > _SUFFERS
    found = f" The recall of {rare} is {percent(recall)}, accuracy {percent(accuracy)}." if recall is not None else ""
    return Finding(
        rule="class-imbalance",
        severity="warning" if suffers else "info",
        sentence=(
            f"The classes are imbalanced: {frequent} has {most / least:.1f} times as many samples ({most:,}) as {rare} "
            f"({least:,}), so that predicting {frequent} pays.{found}"
        ),
        evidence={"samples": {frequent: most, rare: least}, "recall": None if recall is None else round_digits(recall)},
        suggestion=suggestions.suggest(
            run, ("Give all classes the same weight in the loss.", suggestions.set_training(class_weight="balanced"))
        ),
    )


def _recall(run: TrainingRun, label: str) -> tuple[float | None, float]:
    """Of one class, and the accuracy; None before there is an evaluation."""
    _, evaluation = run.held_out
    if evaluation is None:
        return None, 0.0
    found = [row.recall for row in evaluation.per_class if row.label == label and row.support]
    return (found[0] if found else None), evaluation.accuracy


def confused_pairs(run: TrainingRun) -> Finding | None:
    """Two classes that are confused, either way, in a notable share of all errors (scikit-learn's User Guide,
    "Confusion matrix"; Ng 2018, Machine Learning Yearning, chapters 14 to 19 on error analysis)."""
    split, evaluation = run.held_out
    if evaluation is None:
        return None
    labels, matrix = evaluation.confusion_matrix.labels, evaluation.confusion_matrix.matrix
    pairs = [
        (matrix[one][other] + matrix[other][one], labels[one], labels[other])
        for one in range(len(labels))
        for other in range(one)
    ]
    errors = sum(count for count, _, _ in pairs)
    least = max(_MIN_ERRORS, max(_NOTABLE_SHARE, _TIMES_CHANCE / max(1, len(pairs))) * errors)
    notable = sorted((pair for pair in pairs if pair[0] >= least), key=lambda pair: -pair[0])[:_PAIRS]
    if not notable or errors > _MAX_WRONG * sum(map(sum, matrix)):
        return None
    named = "; ".join(f"{other} and {one}: {count}, {percent(count / errors)}" for count, one, other in notable)
    return Finding(
        rule="confused-pairs",
        severity="info",
        sentence=f"Many of the {errors:,} errors on the {split} split are confusions of two classes ({named}).",
        evidence={
            "split": split,
            "misclassified": errors,
            "pairs": [
                {"labels": [other, one], "misclassified": count, "share": round_digits(count / errors)}
                for count, one, other in notable
            ],
        },
    )
