"""Images that the API draws."""

import os
from pathlib import Path

import httpx2

PNG, SVG = "image/png", "image/svg+xml"


class Figure:
    """A PNG or SVG image. A notebook shows it inline."""

    def __init__(self, content: bytes, media_type: str) -> None:
        self.content = content
        self.media_type = media_type

    @classmethod
    def of(cls, response: httpx2.Response) -> "Figure":
        return cls(response.content, response.headers.get("content-type", PNG).partition(";")[0])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file; return its path."""
        target = Path(path)
        target.write_bytes(self.content)
        return target

    def _repr_png_(self) -> bytes | None:
        return self.content if self.media_type == PNG else None

    def _repr_svg_(self) -> str | None:
        return self.content.decode() if self.media_type == SVG else None

    def __repr__(self) -> str:
        return f"<Figure {self.media_type}, {len(self.content):,} bytes>"
