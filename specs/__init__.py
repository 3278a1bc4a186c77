"""The language of an experiment: what may be asked for, its ranges, its defaults, its shapes.

Knows nothing of Redis, HTTP or Keras. The way in is `specs.document.parse_document` for bytes and
`specs.experiment.parse_spec` for a parsed document.
"""
