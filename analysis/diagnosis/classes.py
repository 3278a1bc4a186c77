"""Rules about classes that the network finds hard."""

import math
from collections.abc import Sequence

from analysis.diagnosis import suggestions
from analysis.diagnosis.finding import Finding, Suggestion
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
# A class is weak that is recognized half as often as samples are on average.
_WEAK = 0.5
# Of the classes that are named, so many may be weak by chance.
_FALSE_DISCOVERIES = 0.05
_LISTED_CLASSES = 5
_MORE_WEIGHT = 3.0


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


def weak_classes(run: TrainingRun) -> Finding | None:
    """Classes that a good network recognizes less than half as often as other samples, which an accuracy over many
    classes hides (Grandini et al. 2020, "Metrics for Multi-Class Classification", on macro recall).

    By an exact binomial test of each class; which of them count is decided for all together (Benjamini & Hochberg 1995,
    "Controlling the False Discovery Rate"), so that a class of three samples never does.
    """
    split, evaluation = run.held_out
    if evaluation is None or run.is_poor(evaluation.accuracy):
        return None
    labels, matrix = evaluation.confusion_matrix.labels, evaluation.confusion_matrix.matrix
    counted = [(matrix[index][index], sum(matrix[index])) for index in range(len(labels))]
    chances = [_at_most(right, samples, _WEAK * evaluation.accuracy) for right, samples in counted]
    weak = sorted(_discoveries(chances), key=lambda index: counted[index][0] / counted[index][1])
    if not weak:
        return None
    rows = [
        {
            "label": labels[index],
            "recognized": counted[index][0],
            "samples": counted[index][1],
            "mistaken_for": labels[max(range(len(labels)), key=lambda other: (other != index) * matrix[index][other])],
        }
        for index in weak
    ]
    named = "; ".join(
        f"{row['label']}: {row['recognized']:,} of {row['samples']:,}, mostly mistaken for {row['mistaken_for']}"
        for row in rows[:_LISTED_CLASSES]
    )
    more = f"; and {len(rows) - _LISTED_CLASSES} more" if len(rows) > _LISTED_CLASSES else ""
    verb = "is" if len(rows) == 1 else "are"
    return Finding(
        rule="weak-classes",
        severity="warning",
        sentence=(
            f"{len(rows)} of {len(labels)} classes {verb} rarely recognized on the {split} split, at an accuracy of "
            f"{percent(evaluation.accuracy)} ({named}{more})."
        ),
        evidence={
            "split": split,
            "accuracy": round_digits(evaluation.accuracy),
            "class_count": len(labels),
            "weak_count": len(rows),
            "classes": rows[:_LISTED_CLASSES],
        },
        suggestion=_weigh(run, [labels[index] for index in weak]),
    )


def _weigh(run: TrainingRun, weak: Sequence[str]) -> Suggestion | None:
    if run.spec.training.class_weight is not None:
        return None
    counts = run.spec.dataset.facts.training_counts
    if max(counts) >= _IMBALANCE * min(counts):
        change = suggestions.set_training(class_weight="balanced")
        return suggestions.suggest(run, ("Give all classes the same weight in the loss.", change))
    them = "this class" if len(weak) == 1 else "these classes"
    change = suggestions.set_training(class_weight=dict.fromkeys(weak, _MORE_WEIGHT))
    sentence = (
        f"Check the labels of {them}; if they are right, give them {_MORE_WEIGHT:g} times the weight in the loss."
    )
    return suggestions.suggest(run, (sentence, change))


def _discoveries(chances: Sequence[float]) -> list[int]:
    """The indices that Benjamini and Hochberg's procedure takes for no chance."""
    ordered = sorted(range(len(chances)), key=chances.__getitem__)
    passed = [
        rank for rank, index in enumerate(ordered, 1) if chances[index] <= _FALSE_DISCOVERIES * rank / len(chances)
    ]
    return ordered[: max(passed, default=0)]


def _at_most(right: int, samples: int, share: float) -> float:
    """The chance of at most so many of the samples, if each is right with the probability `share`."""
    if samples == 0 or right >= share * samples:
        return 1.0
    odds = math.log(share) - math.log1p(-share)
    start = samples * math.log1p(-share) + math.lgamma(samples + 1)
    return math.fsum(
        math.exp(start + count * odds - math.lgamma(count + 1) - math.lgamma(samples - count + 1))
        for count in range(right + 1)
    )
