"""The results of published experiments, as far as they are shown; who asks for those on the test split is counted."""

from abc import abstractmethod
from pathlib import Path

from models_store.errors import NotFound
from models_store.evaluations.evaluation import Evaluation, Evaluations, read_evaluations
from models_store.evaluations.predictions import Predictions, read_predictions
from models_store.events import EventLog
from models_store.experiments.folders import RecordFolders
from models_store.experiments.record import Record
from models_store.experiments.summary import ExperimentSummary
from models_store.holdout.holdout import Holdout
from specs.splits import SplitName


class PublishedResults(RecordFolders):
    """What an experiment store has beside records."""

    def __init__(self, root: Path, events: EventLog) -> None:
        super().__init__(root)
        self.events = events
        self.holdout = Holdout(root)

    @abstractmethod
    def get(self, experiment_id: str) -> Record: ...

    def evaluation(self, experiment_id: str, split: SplitName = "test") -> Evaluation:
        """Of one split. Raises NotFound before the experiment has succeeded, and for a split that was not evaluated;
        ResultsHidden, Damaged."""
        evaluations = self._evaluations(experiment_id)
        self._look(experiment_id, split)
        if split not in evaluations:
            raise NotFound(
                f"experiment {experiment_id} was evaluated on {' and '.join(evaluations)}, not on its {split} split; "
                "post it again to have that evaluated too"
            )
        return evaluations[split]

    def evaluations(self, experiment_id: str) -> Evaluations:
        """By split, without those that are hidden. Raises NotFound before the experiment has succeeded, Damaged."""
        found = self._evaluations(experiment_id)
        dataset = self.get(experiment_id).dataset
        shown = {split: each for split, each in found.items() if not self.holdout.withholds(dataset, split)}
        if "test" in shown:
            self._look(experiment_id, "test")
        return shown

    def _evaluations(self, experiment_id: str) -> Evaluations:
        return read_evaluations(self._published_folder(experiment_id))

    def predictions(self, experiment_id: str, split: SplitName) -> Predictions:
        """Of the published network. Raises NotFound before the experiment has succeeded, ResultsHidden, Damaged."""
        folder = self._published_folder(experiment_id)
        self._look(experiment_id, split)
        return read_predictions(folder, split)

    def _look(self, experiment_id: str, split: SplitName) -> None:
        """Somebody asks for results on a split. Raises ResultsHidden."""
        if split == "test":
            self.look(self.get(experiment_id))

    def look(self, record: Record) -> None:
        """Somebody asks for the test results of a published experiment: count it, and show the count. Raises
        ResultsHidden."""
        self.holdout.check(record.dataset, "test")
        if self.holdout.peeks.add(record.dataset, record.id):
            summary = ExperimentSummary.of(self.holdout.shown(record))
            self.events.add("status", summary, record.id, record.privacy.private_to)

    def _published_folder(self, experiment_id: str) -> Path:
        folder = self.artifacts(experiment_id)
        if not folder.is_dir():
            status = self.get(experiment_id).status
            raise NotFound(
                f"experiment {experiment_id} is {status} and has no evaluation; only succeeded experiments have one"
            )
        return folder
