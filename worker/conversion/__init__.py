"""Conversion of an untrusted archive to packed images, in a process of its own, without TensorFlow."""
