"""A fixed change of scale (Keras `layers/preprocessing`)."""

from typing import Annotated, Literal

from pydantic import Field

from specs.layers.base import SameShape

_Factor = Annotated[float, Field(ge=-1e6, le=1e6)]


class Rescaling(SameShape):
    """It comes on top of `preprocessing.scale`; where a network brings its own, set that to `none`."""

    type: Literal["Rescaling"] = "Rescaling"
    scale: _Factor
    offset: _Factor = 0.0
