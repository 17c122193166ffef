"""Chooses the store by the settings: the one place that knows both."""

from pathlib import Path

from matinee.infra.storage.local import LocalStorage
from matinee.infra.storage.port import Storage
from matinee.kernel.settings import Settings, StorageSettings


def open_store(settings: Settings) -> Storage:
    """Never talks to the store: `check` does."""
    knobs = settings.of(StorageSettings)
    if knobs.storage == "s3":
        from matinee.infra.storage.s3 import S3Storage  # its signers take a moment to load

        return S3Storage(knobs)
    return LocalStorage(local_folder(settings))


def local_folder(settings: Settings) -> Path:
    """Where the local store lies. Nothing is there when another one is used."""
    return settings.house.data_dir / "storage"


def origin_for_browsers(settings: Settings) -> str | None:
    """Where browsers send uploads to beside the house; None where all bytes pass through it."""
    knobs = settings.of(StorageSettings)
    if knobs.storage != "s3" or not knobs.s3_direct_uploads:
        return None
    from matinee.infra.storage.s3_access import Bucket

    return Bucket.for_browsers(knobs).endpoint


def place_of(settings: Settings) -> str:
    """Where the bytes are, for people."""
    knobs = settings.of(StorageSettings)
    if knobs.storage == "s3":
        at = knobs.s3_endpoint or f"Amazon S3 ({knobs.s3_region})"
        return f"bucket {knobs.s3_bucket}{f', below {knobs.s3_prefix}/' if knobs.s3_prefix else ''}, at {at}"
    return str(local_folder(settings))
