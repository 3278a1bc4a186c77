"""Disturb a service, print what came of it, and exit with 1 if a promise was broken. Or sum what several trials came
to."""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.report import Report
from tests.chaos.trial import ChaosTrial


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long it is disturbed (5)")
    parser.add_argument("--disturbances", type=int, default=10_000, help="at most so many")
    parser.add_argument("--seed", type=int, default=1, help="of the choice of disturbances (1)")
    parser.add_argument("--out", type=Path, help="append the result to this file")
    parser.add_argument("--sum", type=Path, nargs="+", metavar="FILE", help="print the total of such files alone")
    arguments = parser.parse_args()
    report = Report.sum_of(arguments.sum) if arguments.sum else disturb(arguments)
    if arguments.out:
        report.append_to(arguments.out)
    print(*report.lines(), sep="\n")
    return 1 if report.promises_broken else 0


def disturb(arguments: argparse.Namespace) -> Report:
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {line}", flush=True)

    with TemporaryDirectory() as folder:
        seconds = 60 * arguments.minutes
        return ChaosTrial(Path(folder), arguments.seed, seconds, arguments.disturbances, say).run()


if __name__ == "__main__":
    sys.exit(main())
