"""The page of cards that a teacher prints: each student's key, as a QR code of the address of the service."""

import ipaddress
import os
import socket
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote, urlsplit

import segno

from trainyard.answers.classes import StudentKey
from trainyard.errors import UsageError

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
@page {{ margin: 12mm }}
body {{ font: 11pt/1.35 system-ui, sans-serif; margin: 0; color: #000; background: #fff }}
main {{ display: grid; grid-template-columns: 1fr 1fr }}
section {{ break-inside: avoid; border: 1px dashed #777; padding: 5mm }}
section {{ display: grid; grid-template-columns: 38mm 1fr; gap: 4mm }}
h2 {{ font-size: 15pt; margin: 0 0 1mm; overflow-wrap: anywhere }}
p {{ margin: 0 0 1.5mm }}
code {{ font-size: 8pt; overflow-wrap: anywhere }}
img {{ width: 38mm; height: 38mm }}
</style>
<main>
{cards}
</main>
</html>
"""
_CARD = """<section>
<img alt="QR code of the address with the key" src="{code}">
<div>
<h2>{name}</h2>
<p>{title}, {handle}</p>
<p>Scan the code, or open {address} and enter the key:</p>
<p><code>{key}</code></p>
<p>This key is yours alone. If you lose it, ask for another one.</p>
</div>
</section>"""


def write_key_cards(path: Path, class_name: str, keys: Sequence[StudentKey], address: str) -> None:
    """A file that only its owner can read. Raises UsageError if it cannot be written, or exists."""
    page = key_cards(class_name, keys, address)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(page)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def reject_existing(path: Path) -> None:
    """Before keys are made that could not be printed. Raises UsageError."""
    if path.exists():
        raise UsageError(f"{path} exists; name another file with --output")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}; name another file with --output")


def key_cards(class_name: str, keys: Sequence[StudentKey], address: str) -> str:
    cards = "\n".join(
        _CARD.format(
            code=escape(_code(address, each.key)),
            name=escape(each.name),
            title=escape(class_name),
            handle=escape(each.handle),
            address=escape(address),
            key=escape(each.key),
        )
        for each in keys
    )
    return _PAGE.format(title=escape(class_name), cards=cards)


def _code(address: str, key: str) -> str:
    """As a data URL. The key is in the fragment, which browsers send to nobody, so that it is in no log."""
    link = f"{address}/#key={quote(key, safe='')}"
    return str(segno.make(link, error="m", micro=False).svg_data_uri(border=2))


def address_for_students(url: str) -> str:
    """`url` as other machines reach it: this machine's address in the network in place of loopback."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host != "localhost" and not _is_loopback(host):
        return url.rstrip("/")
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{_own_address() or host}{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own_address() -> str | None:
    """Of the interface that leads elsewhere. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])
