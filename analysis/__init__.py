"""What results mean: metrics, diagnosis, comparison, plots, reports. No HTTP, no TensorFlow."""
