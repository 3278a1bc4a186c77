"""`trainyard group`: the repeats of an experiment."""

from collections.abc import Iterator

from rich.console import RenderableType

from trainyard.answers.experiments import ExperimentGroup
from trainyard.cli.exit_codes import Exit
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.cli.views.tables import Listing, right
from trainyard.cli.views.text import known_metric_text
from trainyard.client import Client
from trainyard.errors import UsageError


def group(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show the repeats of an experiment (submit --repeats), by any of them: means with their 95 % intervals."""
    with Client(url) as client:
        record = client.get(resolve_id(client, experiment))
        if record.group is None:
            raise UsageError(f"{record.id} has no repeats; `trainyard submit SPEC --repeats 5` trains one five times")
        print_answer(client.group(record.group), json, group_view)


def show_group(client: Client, queued: ExperimentGroup, watch: bool, json: bool) -> Exit:
    """What was queued; with `watch`, what has come out when all have ended."""
    if watch:
        for each in queued.items:
            client.wait(each.experiment_id)
        queued = client.group(queued.id)
    print_answer(queued, json, group_view)
    has_failed = watch and queued.counts.get("succeeded", 0) < queued.repeats
    return Exit.FAILED if has_failed else Exit.OK


def group_view(found: ExperimentGroup) -> Iterator[RenderableType]:
    yield f"{found.name} on {found.dataset}, {found.repeats} repeats"
    rows = (
        (
            each.experiment_id,
            "" if each.seed is None else str(each.seed),
            each.status,
            known_metric_text(each.metrics.get("val_accuracy")),
            known_metric_text(each.metrics.get("test_accuracy")),
        )
        for each in found.items
    )
    yield Listing(("id", right("seed"), "status", right("val\naccuracy"), right("test\naccuracy")), rows)
    if found.metrics:
        yield Listing(
            ("metric", right("n"), right("mean"), right("sd"), "95 % interval"),
            (
                (name, str(each.n), f"{each.mean:.4f}", known_metric_text(each.sd), _interval_text(each.low, each.high))
                for name, each in found.metrics.items()
            ),
        )


def _interval_text(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.4f} to {high:.4f}"
