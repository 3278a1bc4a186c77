"""How many samples of each class an experiment's splits have, known before anything is read."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec
from specs.problem import quantity
from specs.splits import SPLITS, SplitName

_LISTED = 5
_ADD = "add samples"
# Of a class with as many samples expected in a random split, the split has none in 5 % of all cases (Poisson).
_SAFE = 3.0
Counts = NDArray[np.float64]


def missing_class_warnings(spec: ExperimentSpec) -> Iterator[str]:
    """A sentence for each split that lacks a class: metrics of that class are undefined there."""
    names, expected = spec.dataset.facts.classes, expected_counts(spec)
    facts = spec.dataset.facts
    samples = dict(zip(names, facts.training_counts, strict=True))
    can_stratify = spec.dataset.split.model_copy(update={"stratify": True}).violation(facts) is None
    for split in SPLITS:
        counts = expected[split]
        missing = [name for name, count in zip(names, counts, strict=True) if count == 0]
        unsure = [name for name, count in zip(names, counts, strict=True) if 0 < count < _SAFE]
        if missing:
            # A share cannot spread fewer samples than there are splits.
            shared = all(samples[name] >= len(SPLITS) for name in missing)
            # Nothing that is set bounds an official split.
            is_official = split != "training" and getattr(spec.dataset.split, split) == "official"
            more = _ADD if is_official and spec.dataset.name not in DATASETS else spec.dataset.more_samples(missing)
            advice = [more, _share_advice(spec, split) if shared else None]
            yield (
                f"the {split} split has no sample of {_listed(missing)}, whose metrics there are undefined"
                f"{_joined(advice)}"
            )
        # Only random splits hold fractions of samples.
        if unsure and not np.array_equal(counts, counts.round()):
            advice = ["set split.stratify to true" if can_stratify else None, spec.dataset.more_samples(unsure)]
            yield f"the {split} split is random and may have no sample of {_listed(unsure)}{_joined(advice)}"


def _joined(advice: Sequence[str | None]) -> str:
    given = ", or ".join(filter(None, advice))
    return f"; {given}" if given else ""


def _share_advice(spec: ExperimentSpec, split: SplitName) -> str:
    if split == "training":
        return "give it a larger share"
    is_official = getattr(spec.dataset.split, split) == "official"
    return f"set split.{split} to a share" if is_official else f"give split.{split} a larger share"


def expected_counts(spec: ExperimentSpec) -> dict[SplitName, Counts]:
    """Samples of each class: exact for official and stratified splits, on average for random ones."""
    facts, split, sizes = spec.dataset.facts, spec.dataset.split, spec.dataset.split_sizes()
    counts = {
        "test": np.array(facts.test_counts, dtype=float),
        "validation": np.array(facts.validation_counts, dtype=float),
    }
    kept = np.array(facts.training_counts, dtype=float)
    # Ties between classes are broken in the dataset's own order of them.
    ranks = np.array(spec.dataset.ranks)
    own = np.argsort(ranks)
    for name, size in (("test", sizes.test), ("validation", sizes.validation)):
        if getattr(split, name) != "official":
            whole = kept
            kept = _keep(whole[own], size, split.seed if split.stratify else None)[ranks]
            counts[name] = whole - kept
    return {"training": kept, "validation": counts["validation"], "test": counts["test"]}


def _keep(counts: Counts, held_out: int, seed: int | None) -> Counts:
    """What scikit-learn's `train_test_split` keeps of each class when it holds out some; on average without `seed`."""
    kept = np.zeros(len(counts))
    present = np.flatnonzero(counts)
    wanted = counts.sum() - held_out
    share = counts[present] / counts.sum() * wanted
    kept[present] = share if seed is None else _round(share, int(wanted), seed)
    return kept


def _round(share: Counts, total: int, seed: int) -> Counts:
    """As scikit-learn's `_approximate_mode`: the largest remainders are rounded up, of equal ones some at random."""
    rounded = np.floor(share)
    left = int(total - rounded.sum())
    remainders = share - rounded
    random = np.random.RandomState(seed)
    for value in np.unique(remainders)[::-1]:
        if left == 0:
            break
        (equal,) = np.nonzero(remainders == value)
        chosen = random.choice(equal, size=min(len(equal), left), replace=False)
        rounded[chosen] += 1
        left -= len(chosen)
    return np.asarray(rounded)


def _listed(names: Sequence[str]) -> str:
    more = f" and {quantity(len(names) - _LISTED, 'more class', 'more classes')}" if len(names) > _LISTED else ""
    return ", ".join(f"`{name}`" for name in names[:_LISTED]) + more
