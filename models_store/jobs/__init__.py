"""Queue, claims, leases, workers and the reconciler."""
