"""A running API that tests stop and start again."""

import asyncio
import threading

import uvicorn

from api.http_protocol import HttpProtocol
from models_store.store import Store, open_store
from settings import Settings
from tests.support import local_http
from tests.support.applications import discard, new_application
from tests.support.valkey import free_port
from tests.support.waiting import eventually

# Streams that are still open are broken after that.
_GRACE_SECONDS = 1


class Site:
    """An API on a port, which serves the built page, and the store behind it."""

    def __init__(self, settings: Settings) -> None:
        self.store: Store = open_store(
            settings.store_dir, settings.redis_url, settings.lease_seconds, max_attempts=3, role="test"
        )
        self.settings = settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start the API on the same port; return when it answers."""
        self._app = new_application(self.settings)
        config = uvicorn.Config(
            self._app,
            port=self.port,
            http=HttpProtocol,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="site", daemon=True)
        self._thread.start()
        eventually(lambda: self._server.started)
        eventually(self._is_ready)

    def _is_ready(self) -> bool:
        """The first sweep has made the index whole, and the API finds that out."""
        return self.store.experiments.index.is_complete() and local_http.get(f"{self.url}/health/ready").is_success

    def tasks(self) -> int:
        """How many tasks its event loop has."""
        [server] = self._server.servers
        return len(asyncio.all_tasks(server.get_loop()))

    def stop(self) -> None:
        """Stop the API, and break the streams that are open."""
        self._server.should_exit = True
        self._thread.join()
        discard(self._app)

    def close(self) -> None:
        self.stop()
        self.store.close()
