"""Networks of `keras.applications`, and EfficientNetLite0: as layers, without Keras."""

from specs.applications.catalog import APPLICATIONS, Application, ApplicationName
from specs.applications.layers import HEAD, Pooling, application_layers

__all__ = ["APPLICATIONS", "HEAD", "Application", "ApplicationName", "Pooling", "application_layers"]
