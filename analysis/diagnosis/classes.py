"""Which classes does the network find hard?"""

from analysis.diagnosis import suggestions
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.number_format import percent, rounded
from analysis.diagnosis.run import Run
from models_store.evaluations.evaluation import Evaluation
from specs.splits import SplitName

# Google's Machine Learning Crash Course calls it an imbalance, a mild one, where 20 to 40 percent of two classes are of
# the rarer: one to three lies in it.
_IMBALANCE = 3
# Points of recall below accuracy from which a rare class suffers, and does not just differ.
_SUFFERS = 0.1
# A tenth of all mistakes in one pair of ten classes (which has 45) is five times what chance gives.
_NOTABLE_SHARE = 0.1
_TIMES_CHANCE = 3
# Of fewer mistakes, a share says nothing.
_MIN_MISTAKES = 3
# A network that is wrong half of the time takes everything for everything.
_MAX_WRONG = 0.5
_PAIRS = 3


def imbalance(run: Run) -> Finding | None:
    """Some classes have many times the samples of others, and count as much less in the loss (He & Garcia 2009,
    "Learning from Imbalanced Data"; the remedy is Keras's and scikit-learn's `class_weight`)."""
    facts = run.spec.dataset.facts
    counted = sorted(zip(facts.training_counts, facts.classes, strict=True))
    (least, rare), (most, frequent) = counted[0], counted[-1]
    if run.spec.training.class_weight is not None or least == 0 or most < _IMBALANCE * least:
        return None
    recall, accuracy = _recall(run, rare)
    suffers = recall is not None and accuracy - recall > _SUFFERS
    found = f" Of {rare}, {percent(recall)} are found; of all, {percent(accuracy)}." if recall is not None else ""
    return Finding(
        rule="class-imbalance",
        severity="warning" if suffers else "info",
        sentence=(
            f"There are {most / least:.1f} times as many samples of {frequent} ({most:,}) as of {rare} ({least:,}), "
            f"so that naming {frequent} pays.{found}"
        ),
        evidence={"samples": {frequent: most, rare: least}, "recall": None if recall is None else rounded(recall)},
        suggestion=suggestions.suggestion(
            run, ("Let all classes count the same in the loss.", suggestions.training(class_weight="balanced"))
        ),
    )


def _recall(run: Run, label: str) -> tuple[float | None, float]:
    """Of one class, and the accuracy beside it; None before there is an evaluation."""
    _, evaluation = _evaluated(run)
    if evaluation is None:
        return None, 0.0
    found = [row.recall for row in evaluation.per_class if row.label == label and row.support]
    return (found[0] if found else None), evaluation.accuracy


def confused_pairs(run: Run) -> Finding | None:
    """Two classes that are taken for each other in a notable share of all mistakes, either way (scikit-learn's User
    Guide, "Confusion matrix"; Ng 2018, Machine Learning Yearning, chapters 14 to 19 on error analysis)."""
    split, evaluation = _evaluated(run)
    if evaluation is None:
        return None
    labels, matrix = evaluation.confusion_matrix.labels, evaluation.confusion_matrix.matrix
    pairs = [
        (matrix[one][other] + matrix[other][one], labels[one], labels[other])
        for one in range(len(labels))
        for other in range(one)
    ]
    mistakes = sum(count for count, _, _ in pairs)
    least = max(_MIN_MISTAKES, max(_NOTABLE_SHARE, _TIMES_CHANCE / max(1, len(pairs))) * mistakes)
    notable = sorted((pair for pair in pairs if pair[0] >= least), key=lambda pair: -pair[0])[:_PAIRS]
    if not notable or mistakes > _MAX_WRONG * sum(map(sum, matrix)):
        return None
    named = "; ".join(f"{other} and {one}: {count}, {percent(count / mistakes)}" for count, one, other in notable)
    return Finding(
        rule="confused-pairs",
        severity="info",
        sentence=f"Of the {mistakes:,} mistakes on the {split} split, many are between two classes ({named}).",
        evidence={
            "split": split,
            "mistakes": mistakes,
            "pairs": [
                {"labels": [other, one], "mistakes": count, "share": rounded(count / mistakes)}
                for count, one, other in notable
            ],
        },
    )


def _evaluated(run: Run) -> tuple[SplitName, Evaluation | None]:
    """On the test split, or else on the validation split."""
    split: SplitName = "test" if "test" in run.evaluations else "validation"
    return split, run.evaluations.get(split)
