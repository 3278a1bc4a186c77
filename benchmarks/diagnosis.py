"""Short trainings of many specs, each with its diagnosis, and every finding held against what it claims, computed from
the raw numbers by other means (benchmarks/short_runs/oracle.py).

`right` and `wrong` count findings; `missed` counts runs in which something is so clear that it had to be reported.
Disagreements are printed one by one. Faults planted on purpose are counted where a finding names them.

DATASETS_DIR=... python -P benchmarks/diagnosis.py [--full] [--keep FILE]

The short mode runs a fault of each kind; `--full` 244 trainings (half an hour on a busy core). `--keep` adds the runs
to a file, and only judges those that are there: a changed rule needs no training. Without DATASETS_DIR, specs on MNIST
are left out.
"""

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from analysis.diagnosis.diagnosis import EXCLUDES, diagnose
from analysis.diagnosis.training_run import TrainingRun
from benchmarks.short_runs.oracle import CLAIMS, CLEAR, NAMED, Facts
from benchmarks.short_runs.specs import Case, Document, drawn, planted
from models_store.evaluations.evaluation import Evaluation
from models_store.experiments.points import Point
from models_store.jobs.failure import FailureType
from specs.experiment import parse_spec
from specs.splits import SplitName

EXPERIMENT = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
ROW = "{:<24} {:>6} {:>6} {:>7}"


class Run(BaseModel):
    name: str
    fault: str
    document: Document
    points: list[Point]
    stop_reason: str | None
    failure: FailureType | None
    evaluations: dict[SplitName, Evaluation]

    def training_run(self) -> TrainingRun:
        spec = parse_spec(self.document)
        return TrainingRun(EXPERIMENT, spec, self.points, self.evaluations, True, self.stop_reason, self.failure)


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold the findings of many short trainings against their claims.")
    parser.add_argument("--full", action="store_true", help="244 trainings instead of one for each fault")
    parser.add_argument("--keep", type=Path, help="a file of runs, to which new ones are added")
    arguments = parser.parse_args()
    cases = [case for seed in range(6) for case in planted(seed)] if arguments.full else planted(1)
    cases += [drawn(seed) for seed in range(160)] if arguments.full else []
    report(runs_of(cases, arguments.keep))


def runs_of(cases: list[Case], kept: Path | None) -> Iterator[Run]:
    folder = os.environ.get("DATASETS_DIR")
    known = {}
    if kept and kept.exists():
        known = {run.name: run for run in map(Run.model_validate_json, kept.read_bytes().splitlines())}
    for case in cases:
        if case.name in known:
            yield known[case.name]
        elif folder or case.document["dataset"]["name"] != "mnist":
            run = train(case, Path(folder) if folder else None)
            if kept:
                with kept.open("ab") as file:
                    file.write(run.model_dump_json().encode() + b"\n")
            yield run


def train(case: Case, folder: Path | None) -> Run:
    from benchmarks.short_runs.training import train_here  # TensorFlow, which judging does not need

    trained = train_here(parse_spec(case.document), folder)
    fields = trained._asdict()
    del fields["predictions"]
    return Run(name=case.name, fault=case.fault, document=case.document, **fields)


def report(runs: Iterator[Run]) -> None:
    right, wrong, missed, faults, named = Counter[str](), Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    count = 0
    for run in runs:
        count += 1
        facts = Facts.of(run.training_run())
        found = [finding.rule for finding in diagnose(facts.run).items]
        for rule in found:
            if rule in CLAIMS:
                agrees = CLAIMS[rule](facts)
                (right if agrees else wrong)[rule] += 1
                if not agrees:
                    print(f"wrong: {rule} of {run.name}")
        excluded = frozenset[str]().union(*(EXCLUDES.get(rule, frozenset()) for rule in found))
        for rule, is_clear in CLEAR.items():
            if rule not in found and rule not in excluded and is_clear(facts):
                missed[rule] += 1
                print(f"missed: {rule} of {run.name}, found {', '.join(found)}")
        if run.fault in NAMED:
            faults[run.fault] += 1
            named[run.fault] += bool(NAMED[run.fault] & set(found))
    print(f"\n{count} runs\n" + ROW.format("rule", "right", "wrong", "missed"))
    for rule in CLAIMS:
        print(ROW.format(rule, right[rule], wrong[rule], missed[rule] if rule in CLEAR else "-"))
    print("\n" + ROW.format("planted fault", "runs", "named", ""))
    for fault, times in faults.items():
        print(ROW.format(fault, times, named[fault], ""))


if __name__ == "__main__":
    main()
