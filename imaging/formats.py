"""Which files are images, by their names and by their first bytes."""

# Unsupported formats are images, too: a user who sends one should get an error, not silence.
IMAGE_SUFFIXES = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp"),
        *(".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".ppm", ".pgm", ".svg", ".ico"),
    }
)


def begins_as_image(data: bytes | bytearray) -> bool:
    """Whether `data`, the first 12 bytes or more, begins a file of a supported format."""
    return data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (
        data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    )
