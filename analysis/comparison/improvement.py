"""Whether an experiment may replace the model that serves: both on the same samples of one split."""

from analysis.comparison.pairing import NotComparable, pair_samples
from analysis.comparison.results import read_results
from analysis.comparison.significance import difference_interval, mcnemar
from models_store.experiments.improvement import ImprovementCheck
from models_store.experiments.store import ExperimentStore
from specs.splits import SplitName


def check_improvement(
    baseline: str, experiment_id: str, experiments: ExperimentStore, split: SplitName
) -> ImprovementCheck:
    """Compare an experiment with the one that serves; on the test split this counts as a look at both. Raises
    NotComparable if they were evaluated on other samples or classes, and as `read_results`."""
    first, other = read_results([baseline, experiment_id], experiments, split)
    if first.labels != other.labels:
        raise NotComparable(
            f"the classes differ: {first.name} has {len(first.labels)}, {other.name} {len(other.labels)}, or the same "
            "in another order"
        )
    pairing = pair_samples(first, other, split)
    fixed, regressed = len(pairing.fixed), len(pairing.regressed)
    right = first.samples - len(first.predictions.misclassified)
    return ImprovementCheck(
        baseline=baseline,
        split=split,
        samples=first.samples,
        accuracy_before=right / first.samples,
        accuracy=(right + fixed - regressed) / first.samples,
        fixed=fixed,
        regressed=regressed,
        difference=(fixed - regressed) / first.samples,
        difference_interval=difference_interval(fixed, regressed, first.samples),
        p=mcnemar(fixed, regressed),
    )
