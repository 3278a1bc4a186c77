"""Content negotiation (RFC 9110, 12.5)."""

from collections.abc import Sequence

_VARY = {"Vary": "Accept"}


def negotiate(accept: str, offered: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The media type to answer with, and the header that caches need for it. It is the offered one of the highest
    quality, the first of equals. A client that accepts none of them gets the first as well, which the RFC prefers to
    a rejection."""
    ranges = [_parse(each) for each in accept.split(",") if each.strip()]
    return max(offered, key=lambda media_type: _quality(media_type, ranges)), _VARY


def choose_encoding(accept_encoding: str, offered: Sequence[str]) -> str | None:
    """The offered encoding of the highest quality, the first of equals; None if the client takes none of them: it names
    neither them nor everything, or with a quality of 0."""
    qualities = dict(_parse(each) for each in accept_encoding.split(",") if each.strip())
    best = max(offered, key=lambda encoding: qualities.get(encoding, qualities.get("*", 0.0)))
    return best if qualities.get(best, qualities.get("*", 0.0)) > 0 else None


def _parse(text: str) -> tuple[str, float]:
    """A media range and its quality; other parameters make no difference to what is offered here."""
    media_range, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = next((each.partition("=")[2] for each in parameters if each.startswith("q=")), "1")
    try:
        return media_range, float(quality)
    except ValueError:
        return media_range, 1.0


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """That of the most specific range that includes it."""
    qualities = dict(ranges)
    wider = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((qualities[each] for each in wider if each in qualities), 0.0)
