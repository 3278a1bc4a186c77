"""The chart, rendered by Helm."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support.requirements import CHARTS

Document = dict[str, Any]

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "trainyard"
HELM = CHARTS / "bin" / "helm"
# The values of a trial, and each example.
VALUES = [CHART / "values.yaml", *sorted((CHART / "examples").glob("*.yaml"))]
# Defined by operators, not by Kubernetes.
OF_OPERATORS = ("keda.sh/", "monitoring.coreos.com/")
WORKLOADS = ("Deployment", "StatefulSet")


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False)


@cache
def render(values: Path, *settings: str) -> list[Document]:
    """The objects of a release named `lab` in the namespace `vision`; `settings` as for `helm template --set`."""
    options = [option for setting in settings for option in ("--set", setting)]
    rendered = helm("template", "lab", CHART, "--namespace", "vision", "--values", values, *options)
    assert rendered.returncode == 0, rendered.stderr
    return [document for document in yaml.safe_load_all(rendered.stdout) if document]


def of_kind(objects: list[Document], *kinds: str) -> dict[str, Document]:
    """By name."""
    return {each["metadata"]["name"]: each for each in objects if each["kind"] in kinds}


def container(workload: Document) -> Document:
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def environment(workload: Document) -> dict[str, Any]:
    """The variables by name; of a secret, the reference to it."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container(workload)["env"]}
