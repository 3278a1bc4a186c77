"""Verify published folders as a thorough reader would."""

from pathlib import Path

from models_store.artifacts import MANIFEST_FILE, read_manifest, read_verified


def verify_manifest(folder: Path) -> None:
    """Raise Damaged unless the manifest lists every file of `folder`, each with its sha256."""
    manifest = read_manifest(folder)
    assert set(manifest.files) == {path.name for path in folder.iterdir()} - {MANIFEST_FILE}
    for name in manifest.files:
        read_verified(folder, name)
