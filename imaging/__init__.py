"""Decoding, resizing, augmentation and digit normalization of images."""
