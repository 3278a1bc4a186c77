"""Specs of experiments, evaluations and corrections: fields, ranges, defaults, shapes and advice.

Independent of Redis, HTTP and Keras. `specs.document.parse_document` parses bytes into a document,
`specs.experiment.parse_spec` validates a document.
"""
