"""What of the results on test splits is shown, and who has looked at them."""

from pathlib import Path

import orjson

from models_store.errors import ResultsHidden
from models_store.evaluations.record import EvaluationRecord
from models_store.experiments.record import Record
from models_store.holdout.hidden import HiddenTests, Hiding
from models_store.holdout.peeks import Peeks
from models_store.models.promotions import Promotion
from specs.errors import SpecError
from specs.experiment import ExperimentSpec
from specs.problem import Problem
from specs.splits import EvaluatedSplit, SplitName

HOLDOUT = "holdout"
_TESTED = "test_"


class Holdout:
    """The folder `holdout` of the store: hidden datasets and peeks.

    Records on disk have all metrics. Whatever leaves the store passes through `shown`, or asks `check` before it reads
    results of a test split; so hiding and revealing are one write, and hold at once in every process.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / HOLDOUT
        self.hidden = HiddenTests(self._folder)
        self.peeks = Peeks(self._folder)

    def prepare(self) -> None:
        """Make the folder. Raises OSError if the store is not writable."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def shown(self, record: Record) -> Record:
        """`record` with its `peeks`, and without test metrics if those of its dataset are hidden; to one who does not
        see what is private to its owner, without what it gives way to."""
        record = record.without_private_mark()
        peeks = self.peeks.of(record.dataset).by_experiment.get(record.id, 0)
        if self.hidden.is_hidden(record.dataset):
            improvement = record.improvement and record.improvement.without_test()
            hidden = {"test_hidden": True, "test_metrics": {}, "improvement": improvement}
            return record.model_copy(update={"peeks": peeks, **hidden})
        if (peeks, False) == (record.peeks, record.test_hidden):
            return record
        return record.model_copy(update={"peeks": peeks, "test_hidden": False})

    def shown_evaluation(self, record: EvaluationRecord) -> EvaluationRecord:
        """An evaluation on another dataset, without metrics if they are of a hidden test split."""
        if not self.withholds(record.dataset, record.split):
            return record
        return record.model_copy(update={"metrics": {}, "test_hidden": True})

    def shown_promotion(self, promotion: Promotion) -> Promotion:
        if not self.hidden.is_hidden(promotion.dataset):
            return promotion
        return promotion.model_copy(update={"accuracy": None})

    def shown_summary(self, data: str) -> str:
        """The JSON of a summary, as it was announced, without what has been hidden since."""
        if not self.hidden.is_any_hidden():
            return data
        summary = orjson.loads(data)
        if not self.hidden.is_hidden(summary["dataset"]):
            return data
        metrics = {name: value for name, value in summary["metrics"].items() if not name.startswith(_TESTED)}
        return orjson.dumps({**summary, "metrics": metrics, "test_hidden": True}).decode()

    def withholds(self, dataset: str, split: SplitName | EvaluatedSplit) -> bool:
        """Whether results on this split, or on `all` samples of a dataset, are withheld."""
        return split in ("test", "all") and self.hidden.is_hidden(dataset)

    def check(self, dataset: str, split: SplitName | EvaluatedSplit) -> None:
        """Raises ResultsHidden if results on this split are withheld."""
        if self.withholds(dataset, split):
            raise ResultsHidden(
                f"the test results of dataset {dataset} are hidden until POST /datasets/{dataset}:reveal; "
                "use the validation split (?split=validation)"
            )

    def check_spec(self, spec: ExperimentSpec) -> None:
        """Raises SpecError if a network would be trained or validated on samples of a sealed test split."""
        dataset, problems = spec.dataset, []
        why = "its test split is sealed for an assignment"
        if self.hidden.is_sealed(dataset.name) and dataset.split.test != "official":
            detail = f'{dataset.name}: {why}; leave `test` out, or set it to "official"'
            problems.append(Problem(pointer="/dataset/split/test", detail=detail, received=dataset.split.test))
        for index, each in enumerate(dataset.add):
            if self.hidden.is_sealed(each.name):
                detail = f"{each.name} cannot be added: {why}"
                problems.append(Problem(pointer=f"/dataset/add/{index}", detail=detail, received=each.name))
        if problems:
            raise SpecError(problems)

    def state(self, dataset: str) -> Hiding:
        return self.hidden.get(dataset)

    def forget(self, dataset: str) -> None:
        """Before another dataset gets its name. Raises Busy, StorageFull, Damaged."""
        self.hidden.forget(dataset)
        self.peeks.forget(dataset)
