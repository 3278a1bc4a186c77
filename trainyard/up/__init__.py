"""`trainyard up`: a private Valkey, workers and the API as child processes of one."""
