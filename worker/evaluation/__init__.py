"""Metrics, calibration and evaluation of networks; evaluations on other datasets run in a process of their own."""
