"""The optimizers, with Keras's arguments and Keras's defaults."""

from typing import Annotated, Literal

from pydantic import Field

from specs import caps
from specs.schema import Rate, Schema

LearningRate = Annotated[float, Field(gt=0, le=caps.LEARNING_RATE)]


class Adam(Schema):
    type: Literal["Adam"] = "Adam"
    learning_rate: LearningRate = 0.001
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: float = Field(default=1e-7, gt=0, le=1)


class SGD(Schema):
    type: Literal["SGD"] = "SGD"
    learning_rate: LearningRate = 0.01
    momentum: float = Field(default=0.0, ge=0, le=1)
    nesterov: bool = False


Optimizer = Annotated[Adam | SGD, Field(discriminator="type")]
