"""A digit service as in tutorials: FastAPI, UploadFile, `model.predict`."""

import os
from io import BytesIO
from typing import Any

import keras
import numpy as np
from fastapi import FastAPI, UploadFile
from PIL import Image

app = FastAPI()
model = keras.models.load_model(os.environ["MODEL_KERAS"])


@app.post("/predict")
async def predict(file: UploadFile) -> dict[str, Any]:
    image = Image.open(BytesIO(await file.read())).convert("L").resize((28, 28))
    [probabilities] = model.predict(np.asarray(image)[None, ..., None], verbose=0)
    best = np.argsort(probabilities)[::-1][:3]
    return {"top": [{"label": str(index), "probability": float(probabilities[index])} for index in best]}
