"""The commands, one module per group. Each sends its requests and hands the answer to a view."""
