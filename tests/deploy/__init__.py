"""The chart for Kubernetes, as far as it can be tried without a cluster."""
