"""Report: an experiment on one page, as HTML and as Markdown."""
