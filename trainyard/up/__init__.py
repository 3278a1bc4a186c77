"""`trainyard up`: a private Valkey, the API and workers as child processes of one."""
