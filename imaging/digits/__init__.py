"""Normalization of any image of a digit to the form of MNIST. Uses numpy and Pillow only: bundles carry this code."""
