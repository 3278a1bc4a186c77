"""What the chart promises of the objects that it makes."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from api.app import create_app
from settings import VERSION, Settings
from tests.deploy.chart import (
    CHART,
    OF_OPERATORS,
    ROOT,
    VALUES,
    WORKLOADS,
    Document,
    container,
    environment,
    helm,
    of_kind,
    render,
)
from tests.support.requirements import CHARTS, needs_charts

pytestmark = needs_charts
# Of Uvicorn and of Valkey's client.
OF_OTHERS = {"FORWARDED_ALLOW_IPS", "REDISCLI_AUTH"}
OF_THE_CHART = [
    "REDIS_URL",
    "TRAINYARD_AUTH",
    "TRAINYARD_DATASETS_DIR",
    "TRAINYARD_HOSTS",
    "TRAINYARD_MODELS_DIR",
    "TRAINYARD_STORE_DIR",
]

every_example = pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)


def known_variables() -> set[str]:
    common = {"REDIS_URL", "DATASETS_DIR", "MODELS_DIR", "CUDA_VISIBLE_DEVICES"}
    return {f"TRAINYARD_{name.upper()}" for name in Settings.model_fields} | common


def complaints(folder: Path, version: str, objects: list[Document]) -> str:
    """What the schemas of that version of Kubernetes say of objects."""
    file = folder / "objects.yaml"
    file.write_text(yaml.safe_dump_all(objects))
    validate = [str(CHARTS / "bin" / "python"), str(CHARTS / "bin" / "kubernetes-validate"), "--strict", "--quiet"]
    arguments = [*validate, "--kubernetes-version", version, str(file)]
    validated = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return validated.stdout


@every_example
def test_linter_finds_nothing(values: Path) -> None:
    linted = helm("lint", "--strict", CHART, "--values", values)
    assert linted.returncode == 0, linted.stdout


@every_example
@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_objects_fit_schemas_of_kubernetes(values: Path, version: str, tmp_path: Path) -> None:
    objects = [each for each in render(values) if not each["apiVersion"].startswith(OF_OPERATORS)]
    assert complaints(tmp_path, version, objects) == ""
    assert len(objects) >= 6


def test_broken_object_does_not_fit_its_schema(tmp_path: Path) -> None:
    broken = of_kind(render(VALUES[0]), "Deployment")["lab-api"]
    changed = {**broken, "spec": {**broken["spec"], "replica": 3}}
    assert "replica" in complaints(tmp_path, "1.37", [changed])


@every_example
def test_every_variable_is_a_setting(values: Path) -> None:
    for workload in of_kind(render(values), *WORKLOADS).values():
        assert environment(workload).keys() <= known_variables() | OF_OTHERS


@every_example
def test_pods_are_confined_and_bounded(values: Path) -> None:
    for name, workload in of_kind(render(values), *WORKLOADS).items():
        pod, only = workload["spec"]["template"]["spec"], container(workload)
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert only["resources"]["limits"]["memory"]
        assert only["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert "livenessProbe" in only
        assert re.fullmatch(r"(\S+/)?[a-z-]+:[0-9][\w.-]*", only["image"]), only["image"]


@every_example
def test_all_that_is_referred_to_exists_or_is_given(values: Path) -> None:
    """Claims and secrets of the release, or those whose names are in the values."""
    objects, given = render(values), values.read_text()
    claims, secrets = of_kind(objects, "PersistentVolumeClaim"), of_kind(objects, "Secret")
    for workload in of_kind(objects, *WORKLOADS).values():
        pod = workload["spec"]["template"]["spec"]
        mounted = {each["name"] for each in container(workload)["volumeMounts"]}
        offered = {each["name"] for each in pod["volumes"]}
        offered |= {each["metadata"]["name"] for each in workload["spec"].get("volumeClaimTemplates", [])}
        assert mounted == offered
        for volume in pod["volumes"]:
            if claim := volume.get("persistentVolumeClaim", {}).get("claimName"):
                assert claim in claims or f"existingClaim: {claim}" in given
        for value in environment(workload).values():
            if isinstance(value, dict):
                reference = value["secretKeyRef"]
                known = secrets.get(reference["name"], {}).get("stringData", {})
                assert reference["key"] in known or f"name: {reference['name']}, key: {reference['key']}" in given


@every_example
def test_selectors_select(values: Path) -> None:
    objects = render(values)
    pods = [each["spec"]["template"]["metadata"]["labels"] for each in of_kind(objects, *WORKLOADS).values()]
    selectors = [each["spec"]["selector"] for each in of_kind(objects, "Service").values()]
    for kind in ("Deployment", "StatefulSet", "PodDisruptionBudget"):
        selectors += [each["spec"]["selector"]["matchLabels"] for each in of_kind(objects, kind).values()]
    for selector in selectors:
        assert [pod.items() >= selector.items() for pod in pods].count(True) == 1
    for policy in of_kind(objects, "NetworkPolicy").values():
        chosen = policy["spec"]["podSelector"]["matchLabels"]
        assert any(pod.items() >= chosen.items() for pod in pods)


def test_redis_is_reached_by_its_own_alone() -> None:
    objects = render(VALUES[0])
    rule = of_kind(objects, "NetworkPolicy")["lab-redis"]["spec"]["ingress"]
    allowed = [each["podSelector"]["matchLabels"] for each in rule[0]["from"]]
    for name, workload in of_kind(objects, *WORKLOADS).items():
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert any(labels.items() >= each.items() for each in allowed) == (name != "lab-redis")


def test_worker_has_time_to_give_back() -> None:
    default = of_kind(render(VALUES[0]), "Deployment")["lab-worker-cpu"]
    longer = of_kind(render(VALUES[0], "settings.TRAINYARD_SHUTDOWN_SECONDS=120"), "Deployment")["lab-worker-cpu"]
    grace = [each["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] for each in (default, longer)]
    assert grace == [Settings().shutdown_seconds + 15, 120 + 15]


def test_probes_ask_routes_without_key() -> None:
    api = container(of_kind(render(VALUES[0]), "Deployment")["lab-api"])
    paths = {api[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"/health/live"}
    assert paths <= create_app(Settings(auth="keys")).openapi()["paths"].keys()


def test_chart_fits_the_images() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == VERSION
    for values in VALUES:
        for name, workload in of_kind(render(values), "Deployment").items():
            pod, only = workload["spec"]["template"]["spec"], container(workload)
            stage, tag = only["image"].rpartition("/")[2].removeprefix("trainyard-").split(":")
            assert f" AS {stage}\n" in dockerfile, name
            assert tag == VERSION
            assert f"USER {pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" in dockerfile
            assert f"TRAINYARD_STORE_DIR={only['volumeMounts'][0]['mountPath']}" in dockerfile


def test_workers_mount_datasets_and_models() -> None:
    """Where their image looks for them; the claims may be mounted by other pods at the same time."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    deployments = of_kind(render(CHART / "examples" / "gpu.yaml"), "Deployment")
    for name in ("lab-worker-gpu", "lab-worker-cpu"):
        volumes = {each["name"]: each for each in deployments[name]["spec"]["template"]["spec"]["volumes"]}
        mounts = {each["name"]: each for each in container(deployments[name])["volumeMounts"]}
        for each, variable in (("datasets", "DATASETS_DIR"), ("models", "MODELS_DIR")):
            assert volumes[each]["persistentVolumeClaim"] == {"claimName": each, "readOnly": True}
            assert mounts[each]["readOnly"] is True
            assert f"{variable}={mounts[each]['mountPath']} " in dockerfile
    assert "models" not in {each["name"] for each in container(deployments["lab-api"])["volumeMounts"]}


def test_pool_is_scaled_by_what_waits_and_runs() -> None:
    objects = render(CHART / "examples" / "autoscaled.yaml")
    scaled = of_kind(objects, "ScaledObject")["lab-worker-cpu"]["spec"]
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (0, 40)
    assert 'status=~"queued|running"' in scaled["triggers"][0]["metadata"]["query"]
    assert "replicas" not in of_kind(objects, "Deployment")["lab-worker-cpu"]["spec"]
    assert "replicas" not in of_kind(objects, "Deployment")["lab-api"]["spec"]


def test_gpus_are_asked_for() -> None:
    workload = of_kind(render(CHART / "examples" / "gpu.yaml"), "Deployment")["lab-worker-gpu"]
    assert container(workload)["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert container(workload)["image"] == f"registry.example.org/vision/trainyard-worker-gpu:{VERSION}"
    assert workload["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("replicas=3", "replicas"),
        ("image.tag=latest", "tag"),
        ("auth=password", "auth"),
        ("ingress.enabled=true", "hosts"),
        ("workers[0].name=GPU", "name"),
        ("settings.LEASE_SECONDS=3", "LEASE_SECONDS"),
        *((f"settings.{name}=x", name) for name in OF_THE_CHART),
    ],
)
def test_wrong_value_is_rejected(setting: str, complaint: str) -> None:
    rejected = helm("template", "lab", CHART, "--set", setting)
    assert rejected.returncode != 0
    assert complaint in rejected.stderr


def test_dashboard_is_found_by_grafana() -> None:
    objects = of_kind(render(CHART / "examples" / "autoscaled.yaml"), "ConfigMap")
    dashboard: Document = json.loads(objects["lab-dashboard"]["data"]["trainyard.json"])
    assert objects["lab-dashboard"]["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) > 10


def test_worker_is_probed_as_in_its_image() -> None:
    probe = container(of_kind(render(VALUES[0]), "Deployment")["lab-worker-cpu"])["livenessProbe"]["exec"]["command"]
    assert f"CMD {json.dumps(probe)}\n" in (ROOT / "Dockerfile").read_text()
