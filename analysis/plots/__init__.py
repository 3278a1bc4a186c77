"""Plots of experiments and specs, as PNG and SVG.

Importing Matplotlib takes a second and 45 MB. Routes therefore import the modules that draw when the first plot is
requested, not at start.
"""
