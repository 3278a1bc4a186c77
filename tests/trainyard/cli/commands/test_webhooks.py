import json

import pytest

from api.openapi import recorded_examples
from tests.trainyard.canned_api import Answer, CannedApi
from tests.trainyard.cli.running import run, words

EXAMPLES = recorded_examples()
ID = EXAMPLES["create_webhook"]["id"]


def test_added_webhook_prints_its_secret(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", "/webhooks", Answer(EXAMPLES["create_webhook"], 201))
    assert run("webhooks", "add", "https://example.org/hook", "--event", "sweep.ended") == 0
    (request,) = api.requests("POST", "/webhooks")
    assert json.loads(request.body) == {"url": "https://example.org/hook", "events": ["sweep.ended"]}
    assert f"secret  {EXAMPLES['create_webhook']['secret']}" in capsys.readouterr().out.splitlines()


def test_webhooks_and_deliveries_are_tables(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/webhooks", Answer(EXAMPLES["list_webhooks"]), Answer({"items": [], "next_cursor": None}))
    api.on("GET", f"/webhooks/{ID}/deliveries", Answer(EXAMPLES["list_deliveries"]))
    assert run("webhooks") == 0
    assert run("webhooks") == 0
    assert run("webhooks", "deliveries", ID) == 0
    printed = words(capsys.readouterr().out)
    assert printed[0] == "id address events pending failed"
    assert printed[1].startswith(f"{ID} https://hooks.invalid/trainyard experiment.succeeded,")
    assert printed[2:4] == [
        "no webhooks; `trainyard webhooks add URL` makes one",
        "delivery event status attempts last",
    ]
    assert printed[4].split(" ")[:4] == [EXAMPLES["list_deliveries"]["items"][0]["id"], "webhook.test", "pending", "1"]


def test_webhook_is_tested_and_deleted(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", f"/webhooks/{ID}:test", Answer(EXAMPLES["test_webhook"], 202))
    api.on("DELETE", f"/webhooks/{ID}", Answer(b"", 204))
    assert run("webhooks", "test", ID) == 0
    assert run("webhooks", "delete", ID) == 0
    assert capsys.readouterr().out.splitlines() == [f"{EXAMPLES['test_webhook']['id']} is queued", f"{ID} is deleted"]
