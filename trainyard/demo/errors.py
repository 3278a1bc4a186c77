"""Why the demo ends early."""


class DemoError(Exception):
    """`str()` is a sentence for the user."""
