"""The alerts, tried on made-up histories by Prometheus's own tool; and that what they and the dashboard read exists."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.chart import CHART
from tests.support.api import ApiClient
from tests.support.requirements import needs_programs

pytestmark = needs_programs("promtool")
ALERTS = CHART / "files" / "alerts.yaml"
NS = 'namespace="lab"'
REQUESTS = "http_server_request_duration_seconds_count"


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(ALERTS.read_text())["groups"]
    return list(group["rules"])


def firing(tmp_path: Path, series: dict[str, str], minutes: int) -> set[str]:
    """The alerts that fire after so many minutes of these series, which have a value for each minute.

    A test that expects no alert at all fails with the list of those that fire.
    """
    test = {
        "rule_files": [str(ALERTS)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "alert_rule_test": [
                    {"eval_time": f"{minutes}m", "alertname": rule["alert"], "exp_alerts": []} for rule in rules()
                ],
            }
        ],
    }
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump(test))
    tried = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert tried.returncode == 0 or "got:" in tried.stdout + tried.stderr, tried.stderr
    return set(re.findall(r"alertname: ?(\w+)", tried.stdout + tried.stderr)) if tried.returncode else set()


CALM = {
    f"trainyard_store_up{{{NS}}}": "1x40",
    f"training_workers{{{NS}}}": "2x40",
    f"training_workers_draining{{{NS}}}": "1x40",
    f'training_experiments_total{{{NS}, status="queued"}}': "3x40",
    f'training_experiments_total{{{NS}, status="running"}}': "2x40",
    f"discarded_messages_total{{{NS}}}": "0x40",
    f'{REQUESTS}{{{NS}, http_route="/predict", http_response_status_code="200"}}': "0+600x40",
    f'{REQUESTS}{{{NS}, http_route="/predict", http_response_status_code="500"}}': "0x40",
    f'{REQUESTS}{{{NS}, http_route="/predict", http_response_status_code="503"}}': "0+6x40",
    f'prediction_duration_seconds_bucket{{{NS}, le="0.5"}}': "0+600x40",
    f'prediction_duration_seconds_bucket{{{NS}, le="1.0"}}': "0+600x40",
    f'prediction_duration_seconds_bucket{{{NS}, le="+Inf"}}': "0+600x40",
}


def test_calm_service_alerts_nobody(tmp_path: Path) -> None:
    assert firing(tmp_path, CALM, 35) == set()


@pytest.mark.parametrize(
    ("changed", "alert"),
    [
        ({f"trainyard_store_up{{{NS}}}": "0x40"}, "TrainyardStoreUnavailable"),
        ({f"training_workers{{{NS}}}": "0x40"}, "TrainyardNoWorker"),
        ({f"training_workers_draining{{{NS}}}": "2x40"}, "TrainyardNoWorker"),
        ({f'training_experiments_total{{{NS}, status="running"}}': "0x40"}, "TrainyardNothingTrains"),
        ({f"discarded_messages_total{{{NS}}}": "0+1x40"}, "TrainyardForeignMessages"),
        (
            {f'{REQUESTS}{{{NS}, http_route="/predict", http_response_status_code="500"}}': "0+1x40"},
            "TrainyardInternalErrors",
        ),
        (
            {f'{REQUESTS}{{{NS}, http_route="/predict", http_response_status_code="503"}}': "0+60x40"},
            "TrainyardRejectsRequests",
        ),
        ({f'prediction_duration_seconds_bucket{{{NS}, le="0.5"}}': "0+580x40"}, "TrainyardSlowPredictions"),
    ],
)
def test_each_alert_fires_alone(tmp_path: Path, changed: dict[str, str], alert: str) -> None:
    assert changed.keys() <= CALM.keys()
    assert firing(tmp_path, CALM | changed, 35) == {alert}


def test_alerts_wait_before_they_fire(tmp_path: Path) -> None:
    assert firing(tmp_path, CALM | {f"trainyard_store_up{{{NS}}}": "1x33 0x6"}, 35) == set()


SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


def test_metrics_that_are_read_exist(client: ApiClient) -> None:
    families = text_string_to_metric_families(client.get("/metrics").text)
    offered = {family.name + suffix for family in families for suffix in SUFFIXES[family.type]}
    dashboard = json.loads((CHART / "files" / "dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [rule["expr"] for rule in rules()]
    read = {name for query in queries for name in re.findall(r"([a-z]+(?:_[a-z]+)+)(?=[{\[]|\) [=><-])", query)}
    assert len(read) >= 10
    assert read <= offered
