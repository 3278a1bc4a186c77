"""StoredImages of experiments and of specs, as PNG and SVG.

Matplotlib takes a second and 45 MB, so that only routes and what they hand over are imported when the API starts; what
draws is imported when somebody asks for the first image.
"""
