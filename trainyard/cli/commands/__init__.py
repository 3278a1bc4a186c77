"""The commands of `trainyard`, one module for each group."""
