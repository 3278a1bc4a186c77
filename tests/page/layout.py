"""Finds what is wider than the place that it has."""

from playwright.sync_api import Page

_STICKING_OUT = """() => {
    const isScrolled = (element) => getComputedStyle(element).overflowX !== "visible";
    const limitOf = (element) => {
        for (let outer = element.parentElement; outer; outer = outer.parentElement) {
            if (isScrolled(outer)) return null;
            if (outer.matches(".card, dialog, [popover]")) return outer.getBoundingClientRect().right;
        }
        return innerWidth;
    };
    const found = [...document.querySelectorAll("main *, dialog *")].filter((element) => {
        if (element.closest("svg, .visually-hidden") || !element.checkVisibility()) return false;
        const { right, width } = element.getBoundingClientRect();
        const limit = limitOf(element);
        return width > 1 && limit !== null && right > limit + 1;
    });
    return found.map((element) => element.outerHTML.slice(0, 120));
}"""


def sticking_out(page: Page) -> list[str]:
    """The elements that reach beyond the card, dialog or screen which they are in, where that cannot be scrolled."""
    found: list[str] = page.evaluate(_STICKING_OUT)
    return found
