"""The Rescaling layer (Keras `layers/preprocessing`)."""

from typing import Annotated, Literal

from pydantic import Field

from specs.layers.base import SameShape

_Factor = Annotated[float, Field(ge=-1e6, le=1e6)]


class Rescaling(SameShape):
    """Applied in addition to `preprocessing.scale`; set that to `none` if the network rescales itself."""

    type: Literal["Rescaling"] = "Rescaling"
    scale: _Factor
    offset: _Factor = 0.0
