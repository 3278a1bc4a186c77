"""Students who sign in with a provider: what they see, what they may use, and how long.

They are in a group of the provider whose scopes are those of a student's key. Students of a class have keys of their
teacher instead: nobody signs in as one of them.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from api.oidc import sign_in as module
from models_store.access.key import Key
from models_store.frozen import utc_now
from models_store.store import Store
from settings import Settings
from specs.access import KeyScope
from specs.experiment import parse_spec
from specs.quota import QuotaSpec
from tests.api.oidc.test_sign_in import bearer, come_back, configured, redeem
from tests.api.test_assignment_leaks import DOCUMENT, add_flowers
from tests.support.api import ApiClient
from tests.support.classroom import add_assignment, close
from tests.support.contract import JsonObject
from tests.support.planted import leaks, planted_results
from tests.support.provider import OpenIdProvider, code_in
from tests.support.published import finish
from tests.support.waiting import eventually

SCOPES = {"students": (KeyScope.READ, KeyScope.RUN, KeyScope.PREDICT)}
QUESTIONS = (
    "/experiments",
    "/models",
    "/datasets/flowers/samples?limit=200",
    *(
        f"/experiments/{{id}}{path}"
        for path in (
            "",
            "/evaluation",
            "/mistakes",
            "/mistakes.png",
            "/samples/test/39.png",
            "/plots/confusion.png",
            "/files/predictions-test.npz",
            "/files/evaluation.json",
            "/report.html",
            "/report.md",
            "/diagnosis",
        )
    ),
    "/models/{id}/bundle.zip",
)


@pytest.fixture
def visitor(settings: Settings, provider: OpenIdProvider) -> Iterator[ApiClient]:
    provider.add("cem", groups=["students"])
    with ApiClient(configured(settings, provider, oidc_scopes=SCOPES)) as client:
        client.follow_redirects = False
        yield client


@pytest.fixture
def store(visitor: ApiClient) -> Store:
    return visitor.services.store


def sign_in(visitor: ApiClient, provider: OpenIdProvider) -> JsonObject:
    """As a student, with whose new key everything is asked from now on."""
    answer = redeem(visitor, code_in(come_back(visitor, provider, "cem")))
    assert answer.status_code == 201, answer.text
    created: JsonObject = answer.json()
    visitor.headers.update(bearer(created["key"]))
    return created


def trained(store: Store, owner: str) -> str:
    record = store.experiments.create(parse_spec(DOCUMENT, store.known_datasets()), owner=owner)
    finish(store, record, results=planted_results(record.spec.parse(store.known_datasets()).dataset.facts))
    return record.id


def found(visitor: ApiClient, experiment_id: str) -> dict[str, set[str]]:
    """What of the test split is in each answer."""
    answers = {each: visitor.get(each.format(id=experiment_id)) for each in QUESTIONS}
    return {path: leaks(each.content) | leaks(str(each.headers).encode()) for path, each in answers.items()}


def test_signed_in_student_sees_no_sealed_test(visitor: ApiClient, store: Store, provider: OpenIdProvider) -> None:
    """Neither of their own network nor of somebody else's, and nothing of the class, until it is revealed."""
    add_flowers(visitor)
    assignment = add_assignment(store, dataset="flowers", base=DOCUMENT)
    runs = [trained(store, owner) for owner in ("cem", "ann@biology-7b")]
    sign_in(visitor, provider)
    eventually(lambda: visitor.get("/experiments").is_success)

    assert [each for run in runs for each in found(visitor, run).items() if each[1]] == []
    assert visitor.get("/assignments").json()["items"] == []
    for method, path, body in (
        ("GET", f"/assignments/{assignment.id}", None),
        ("POST", f"/assignments/{assignment.id}/submissions", {"experiment": runs[0]}),
        ("GET", "/classes/biology-7b", None),
        ("POST", "/datasets/flowers:reveal", None),
        ("POST", "/experiments", {**DOCUMENT, "dataset": {"name": "flowers", "split": {"test": 0.3}}}),
    ):
        assert visitor.request(method, path, json=body).status_code in (403, 404, 409, 422), path

    close(store, assignment.id)
    store.datasets.reveal_test("flowers")
    assert {path for path, kinds in found(visitor, runs[0]).items() if kinds} >= {
        "/experiments/{id}/evaluation",
        "/experiments/{id}/report.html",
        "/models/{id}/bundle.zip",
    }


def test_quota_is_of_the_student_not_of_the_sign_in(
    visitor: ApiClient, store: Store, provider: OpenIdProvider, tiny_document: JsonObject
) -> None:
    """On each device, and with a token in place of a key."""
    store.quotas.owners.set("cem", QuotaSpec(queued=1, predictions=0))
    sign_in(visitor, provider)
    first = visitor.post("/experiments", json=tiny_document)
    assert (first.status_code, first.json()["owner"]) == (202, "cem")

    sign_in(visitor, provider)
    assert visitor.post("/experiments", json=tiny_document).status_code == 429
    visitor.headers.update(bearer(provider.token("cem")))
    eventually(lambda: visitor.get("/presets").is_success)
    rejected = visitor.post("/experiments", json=tiny_document)

    assert (rejected.status_code, rejected.json()["type"]) == (429, "urn:trainyard:problem:quota_reached")
    assert visitor.get("/owners/me").json()["used"]["queued"] == 1
    assert visitor.put("/owners/cem", json={"queued": 9}).status_code == 403


def test_all_access_ends_with_the_session(
    visitor: ApiClient,
    store: Store,
    provider: OpenIdProvider,
    tiny_document: JsonObject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That of the keys that were made meanwhile as well; who has left the group gets no other one."""
    session = sign_in(visitor, provider)
    made = visitor.post("/keys", json={"scopes": ["read"], "expires_in_days": 300}).json()
    assert made["expires_at"] == session["expires_at"]
    assert visitor.post("/keys", json={"scopes": ["data"]}).status_code == 403

    ends = store.keys.get(session["id"]).expires_at
    assert ends is not None
    assert ends <= utc_now() + timedelta(hours=module.KEY_HOURS)
    is_live = Key.is_live
    monkeypatch.setattr(Key, "is_live", lambda key, now: is_live(key, now + timedelta(hours=module.KEY_HOURS)))

    for key in (session, made):
        visitor.headers.update(bearer(key["key"]))
        for method, path in (("GET", "/experiments"), ("POST", "/experiments"), ("POST", "/keys"), ("GET", "/events")):
            assert visitor.request(method, path, json=tiny_document).status_code == 401, path
    provider.add("cem", groups=["alumni"])
    left = redeem(visitor, code_in(come_back(visitor, provider, "cem")))
    assert (left.status_code, left.json()["type"]) == (403, "urn:trainyard:problem:not_admitted")
