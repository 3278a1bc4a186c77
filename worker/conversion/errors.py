"""What can be wrong with an archive."""


class RefusedArchive(Exception):
    """The archive is rejected as a whole; the message names the entry and says why."""
