"""The API's application in the process of the tests, many times, one after the other."""

from unittest.mock import patch

from fastapi import FastAPI
from starlette.routing import BaseRoute

from api.app import ROUTES, create_app
from settings import Settings

# An application freezes all objects when it starts and unfreezes them when it ends, here those of TensorFlow as well.
patch("api.app.gc").start()
_routes: list[BaseRoute] = []


def new_application(settings: Settings) -> FastAPI:
    """With the routes of the first one: FastAPI analyses all those before the one that is asked for, which takes more
    time than most tests."""
    app = create_app(settings)
    if not _routes:
        _routes.extend(app.router.routes[-len(ROUTES) :])
    app.router.routes[-len(ROUTES) :] = _routes
    return app


def discard(app: FastAPI) -> None:
    """Free what an application that has ended holds, such as loaded models: FastAPI keeps each one in a cache."""
    app.middleware_stack = None
    app.user_middleware.clear()
    del app.state.services
