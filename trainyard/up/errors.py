"""Why `trainyard up` does not run."""


class UpError(Exception):
    """`str()` is a sentence for the user: what is the matter and what to do."""


class RefusedError(UpError):
    """Nothing has been started: something that was asked for cannot be had."""


class StartError(UpError):
    """The API did not come up; everything has been stopped again."""
