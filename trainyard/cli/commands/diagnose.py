"""`trainyard diagnose`: what can be seen in an experiment, and the next one that it suggests."""

import json as json_text
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from trainyard.cli.commands.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.identifiers import full_id
from trainyard.cli.output import console, print_json
from trainyard.client import Client, JsonObject
from trainyard.errors import UsageError


def diagnose(
    experiment: IdArgument,
    post: Annotated[
        str | None, typer.Option(metavar="RULE", help="Queue the experiment that the finding of this rule suggests.")
    ] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Say what history and evaluation show, and what to change; with --post, do it."""
    with Client(url) as client:
        findings = client.diagnosis(full_id(client, experiment))
        record = client.submit_change(_suggested(findings, post)) if post is not None else None
    if json:
        print_json(record or {"items": list(findings), "next_cursor": None})
        return
    screen = console()
    if record:
        screen.print(f"{record['id']}  {record['name']} on {record['dataset']}, {record['status']}")
        screen.print(f"follow it with: trainyard watch {record['id']}")
        return
    for line in (line for finding in findings for line in finding_lines(finding)):
        screen.print(line)


def finding_lines(finding: JsonObject) -> Iterator[str]:
    """The rule, its sentence and evidence, and the change that it suggests."""
    yield f"{finding['severity']}: {finding['rule']}"
    yield f"  {finding['sentence']}"
    yield f"  evidence: {_one_line(finding['evidence'])}"
    suggestion = finding["suggestion"]
    if suggestion:
        yield f"  suggestion: {suggestion['sentence']}"
        yield f"  patch: {_one_line(suggestion['patch'])}"


def _one_line(value: JsonObject) -> str:
    return json_text.dumps(value, ensure_ascii=False)


def _suggested(findings: Sequence[JsonObject], rule: str) -> JsonObject:
    patches: dict[str, JsonObject] = {
        finding["rule"]: finding["suggestion"]["patch"] for finding in findings if finding["suggestion"]
    }
    if rule not in patches:
        known = ", ".join(patches) or "none do"
        raise UsageError(f"no finding of rule {rule} suggests a change; those that do: {known}")
    return patches[rule]
