"""The store of webhooks."""

from pathlib import Path

from models_store.errors import InvalidState, NotFound
from models_store.files import create_record_folder, remove_directory
from models_store.frozen import utc_now
from models_store.ids import is_experiment_id
from models_store.webhooks.outbox import WEBHOOK_FILE, Outbox
from models_store.webhooks.webhook import TEST, Delivery, Notice, Webhook

FOLDER = "webhooks"
MAX_WEBHOOKS = 50


class WebhookStore:
    """Webhooks on disk, each in the folder `webhooks/<id>` under `root`, which holds its outbox as well."""

    def __init__(self, root: Path) -> None:
        self.outbox = Outbox(root / FOLDER)
        self._folder = root / FOLDER

    def prepare(self) -> None:
        """Make the folder. Raises OSError if the store is not writable."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def create(self, webhook: Webhook) -> Webhook:
        """Raises InvalidState if there are too many, StorageFull."""
        if len(self.list()) >= MAX_WEBHOOKS:
            raise InvalidState(f"there are {MAX_WEBHOOKS} webhooks; DELETE /webhooks/{{id}} removes one")
        data = webhook.model_dump_json().encode()
        create_record_folder(self._folder / webhook.id, WEBHOOK_FILE, data, f"webhook {webhook.id}")
        return webhook

    def list(self) -> list[Webhook]:
        """All that are sound, oldest first."""
        return self.outbox.webhooks()

    def get(self, webhook_id: str) -> Webhook:
        """Raises NotFound."""
        found = next((each for each in self.list() if each.id == webhook_id), None)
        if found is None:
            raise NotFound(f"webhook {webhook_id[:50]} not found; GET /webhooks lists all")
        return found

    def delete(self, webhook_id: str) -> None:
        """With all deliveries, also those that wait. Raises NotFound."""
        folder = self._folder / webhook_id
        if not is_experiment_id(webhook_id) or not folder.is_dir():
            raise NotFound(f"webhook {webhook_id[:50]} not found; GET /webhooks lists all")
        remove_directory(folder)

    def test(self, webhook_id: str) -> Delivery:
        """Queue a test delivery. Raises NotFound, StorageFull."""
        webhook = self.get(webhook_id)
        data = {"webhook_id": webhook.id}
        return self.outbox.add(webhook.id, Notice(event=TEST, subject=webhook.id, at=utc_now(), data=data))
