"""One bounded, streaming reader of zip and tar archives."""
