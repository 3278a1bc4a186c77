"""`trainyard diagnose`."""

import json as json_text
from collections.abc import Iterator
from typing import Annotated

import typer

from trainyard.answers.base import ItemList, JsonObject
from trainyard.answers.diagnosis import Finding
from trainyard.answers.experiments import Experiment
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.cli.views.experiments import summary_line
from trainyard.client import Client
from trainyard.errors import UsageError


def diagnose(
    experiment: IdArgument,
    post: Annotated[
        str | None, typer.Option(metavar="RULE", help="Queue the experiment that the finding of this rule suggests.")
    ] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Show what history and evaluation reveal, and what to change; with --post, queue that change."""
    with Client(url) as client:
        findings = client.diagnosis(resolve_id(client, experiment))
        if post is None:
            print_answer(findings, json, diagnosis_view)
        else:
            print_answer(client.submit_change(_find_patch(findings, post)), json, submitted_view)


def submitted_view(experiment: Experiment) -> Iterator[str]:
    yield summary_line(experiment)
    yield f"follow it with: trainyard watch {experiment.id}"


def diagnosis_view(findings: ItemList[Finding]) -> Iterator[str]:
    """Rule, sentence, evidence, and the suggested change."""
    for finding in findings:
        yield f"{finding.severity}: {finding.rule}"
        yield f"  {finding.sentence}"
        yield f"  evidence: {_one_line(finding.evidence)}"
        if finding.suggestion:
            yield f"  suggestion: {finding.suggestion.sentence}"
            yield f"  patch: {_one_line(finding.suggestion.patch)}"


def _one_line(value: JsonObject) -> str:
    return json_text.dumps(value, ensure_ascii=False)


def _find_patch(findings: ItemList[Finding], rule: str) -> JsonObject:
    patches = {finding.rule: finding.suggestion.patch for finding in findings if finding.suggestion}
    if rule not in patches:
        known = ", ".join(patches) or "none"
        raise UsageError(f"no finding of rule {rule} suggests a change; rules that do: {known}")
    return patches[rule]
