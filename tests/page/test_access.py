"""The page of a service that asks for keys."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from settings import Settings
from specs.access import KeyScope, KeySpec
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch
from tests.page.private_things import add_sweep
from tests.support import local_http
from tests.support.provider import CLIENT, OpenIdProvider
from tests.support.published import publish, results_on
from tests.support.site import Site
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

pytestmark = [pytest.mark.processes, needs_page]

Spec = Callable[..., ExperimentSpec]
REJECTED = "401 (Unauthorized)"


@pytest.fixture
def site(settings: Settings, valkey: Valkey) -> Iterator[Site]:
    site = Site(settings.model_copy(update={"auth": "keys", "lease_seconds": LEASE_SECONDS}))
    yield site
    site.close()


def new_key(site: Site, *scopes: KeyScope) -> str:
    return site.store.keys.create(KeySpec(scopes=scopes or (KeyScope.READ,)), "ann")[1]


def log_in(page: Page, key: str) -> None:
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Log in").click()


def test_key_opens_the_page_for_this_tab(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec(), results=results_on(DATASETS["digits"], 0.8))
    page = open_page("#/runs")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()

    log_in(page, "ty_nothing")
    expect(page.get_by_role("alert")).to_contain_text("not valid")
    log_in(page, new_key(site))

    expect(page.get_by_role("link", name=record.name).first).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name=record.name).first).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    watch.forgive(REJECTED)


def test_login_says_that_the_service_is_away(site: Site, open_page: OpenPage, watch: Watch) -> None:
    page = open_page("#/runs", locale="ko-KR")
    page.get_by_label("키").wait_for()
    page.route("**/keys/me", lambda route: route.abort())
    page.get_by_label("키").fill(new_key(site))
    page.get_by_role("button", name="로그인").click()
    expect(page.get_by_role("alert")).to_contain_text("서비스에 연결할 수 없습니다")
    watch.forgive(REJECTED, "net::ERR_FAILED")


def test_key_in_the_address_opens_the_page(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec(), results=results_on(DATASETS["digits"], 0.8))

    page = open_page(f"#key={new_key(site)}")

    expect(page.get_by_role("link", name=record.name).first).to_be_visible()
    assert "key=" not in page.url
    page.reload()
    expect(page.get_by_role("link", name=record.name).first).to_be_visible()
    page.go_back()
    assert "key=" not in page.url


def test_key_in_the_address_replaces_no_other(site: Site, open_page: OpenPage) -> None:
    own, other = new_key(site), new_key(site)
    page = open_page(f"#key={own}")
    page.get_by_role("navigation").first.wait_for()

    page.goto("about:blank")
    page.goto(f"/#key={other}")

    page.get_by_role("navigation").first.wait_for()
    assert page.evaluate("sessionStorage.getItem('trainyard.key')") == own
    assert "key=" not in page.url


def test_images_streams_and_files_have_the_key(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec(), results=results_on(DATASETS["digits"], 0.8))
    page = open_page("#/runs")
    log_in(page, new_key(site))
    expect(page.get_by_role("link", name=record.name).first).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV")).first.click()
    assert record.id in download.value.path().read_text()
    site.store.experiments.edit(record.id, {"name": "renamed"})
    expect(page.get_by_role("link", name="renamed").first).to_be_visible()
    page.goto("/#/data/digits")
    image = page.locator("main img").first
    eventually(lambda: image.evaluate("image => image.naturalWidth > 0"))
    assert str(image.get_attribute("src")).startswith("blob:")
    watch.forgive(REJECTED)


def test_lines_for_a_terminal_have_the_key(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec(), results=results_on(DATASETS["digits"], 0.8))
    sweep, _ = add_sweep(site.store, "ann")
    page = open_page("#/runs")
    log_in(page, new_key(site))
    expect(page.get_by_role("link", name=record.name).first).to_be_visible()
    views = f"run/{record.id}/files", f"sweeps/{sweep}", "new?preset=digits-cnn", "serving"
    for view in views:
        page.goto(f"/#/{view}")
        lines = page.locator("code", has_text=re.compile("^curl "))
        expect(lines.first).to_be_attached()
        assert [each for each in lines.all_text_contents() if "$TRAINYARD_KEY" not in each] == [], view
    watch.forgive(REJECTED)


def test_revoked_key_leads_to_the_login(site: Site, open_page: OpenPage, watch: Watch) -> None:
    page = open_page("#/runs")
    token = new_key(site)
    log_in(page, token)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()

    site.store.keys.revoke(token[3:13], by=None)
    sent = {"Authorization": f"Bearer {token}"}
    eventually(lambda: local_http.get(f"{site.url}/presets", headers=sent).status_code == 401)
    page.reload()

    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    watch.forgive(REJECTED)


@pytest.fixture
def signing_site(site: Site, provider: OpenIdProvider) -> Site:
    """Its people sign in with the provider."""
    oidc = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr("x"),
        "oidc_redirect_uri": f"{site.url}/login/provider/callback",
        "oidc_scopes": {"students": (KeyScope.READ,)},
    }
    site.stop()
    site.settings = site.settings.model_copy(update=oidc)
    site.start()
    return site


def test_somebody_signs_in_with_the_provider(
    signing_site: Site, provider: OpenIdProvider, open_page: OpenPage, watch: Watch, tiny_spec: Spec
) -> None:
    record = publish(signing_site.store, tiny_spec(), results=results_on(DATASETS["digits"], 0.8))
    provider.add("ann", groups=["students"])
    provider.add("eve", groups=[])
    page = open_page("#/runs")
    for subject in ("eve", "ann"):
        page.get_by_role("button", name="Sign in with 127.0.0.1").click()
        page.locator("input[name=sub]").fill(subject)
        page.locator("button[type=submit], input[type=submit]").first.click()
        if subject == "eve":
            expect(page.get_by_role("alert")).to_contain_text("none of your groups")

    expect(page.get_by_role("link", name=record.name).first).to_be_visible()
    assert "login=" not in page.url
    [key] = [each for each in signing_site.store.keys.list() if each.owner == "ann"]
    assert key.scopes == (KeyScope.READ,)
    # The provider's own page loads a style sheet from elsewhere.
    watch.forgive(REJECTED, "403 (Forbidden)", provider.issuer, "cdn.jsdelivr.net")
