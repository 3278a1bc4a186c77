"""The content security policy, as the browser enforces it on the page that the API serves."""

import pytest

from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch

pytestmark = [pytest.mark.processes, needs_page]

# What a script that was smuggled into a name or a note would try; each must be blocked, and `ran` stay 0.
_ATTEMPTS = """() => {
    window.ran = 0;
    window.blocked = [];
    document.addEventListener("securitypolicyviolation", event => blocked.push(event.effectiveDirective));
    const add = (tag, attributes, text = "") => {
        const element = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
        element.textContent = text;
        document.body.append(element);
        return element;
    };
    add("script", {}, "window.ran += 1");
    add("script", { src: "https://evil.example/x.js" });
    add("button", { onclick: "window.ran += 1" }).click();
    add("p", { style: "position: fixed" });
    add("style", {}, "body { display: none }");
    add("img", { src: "https://evil.example/x.png" });
    add("iframe", { src: "https://evil.example/" });
    add("object", { data: "data:text/html,x" });
    add("base", { href: "https://evil.example/" });
    fetch("https://evil.example/").catch(() => 0);
    // Behind a timer: what the debugger of the test evaluates itself is allowed.
    setTimeout(() => Function("window.ran += 1")());
}"""
_BLOCKED = {
    "script-src-elem": 2,
    "script-src-attr": 1,
    "style-src-attr": 1,
    "style-src-elem": 1,
    "img-src": 1,
    "frame-src": 1,
    "object-src": 1,
    "base-uri": 1,
    "connect-src": 1,
    "script-src": 1,
}


def test_policy_blocks_smuggled_scripts(open_page: OpenPage, watch: Watch) -> None:
    page = open_page("#/nothing")
    failures: list[str | None] = []
    page.on("requestfailed", lambda request: failures.append(request.failure))
    page.evaluate(_ATTEMPTS)
    page.wait_for_function("count => blocked.length >= count", arg=sum(_BLOCKED.values()))
    blocked: list[str] = page.evaluate("blocked")
    assert {name: blocked.count(name) for name in blocked} == _BLOCKED
    assert page.evaluate("ran") == 0
    assert set(failures) == {"csp"}
    assert page.evaluate("document.baseURI").startswith(watch.hosts[0])
    assert page.locator("h1").is_visible()
    watch.forgive("Content Security Policy", "evil.example", "EvalError", "'default-src' is used as a fallback")
