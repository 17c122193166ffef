"""How much an account may keep and how much it keeps. Never deletes anything."""

from matinee.features.files import repository
from matinee.features.files.errors import NoRoom, QuotaExceeded
from matinee.features.files.rules import size_in_words
from matinee.features.files.schemas import UploadLimits, Usage
from matinee.features.files.settings import FilesSettings
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId


async def usage(work: Work, owner_id: AccountId) -> Usage:
    """What `owner_id` keeps, by purpose; unfinished uploads count with their declared size as
    `unfinished`."""
    blobs, unfinished, trees = await repository.bytes_by_purpose(work.session, owner_id)
    limit = await repository.quota_limit(work.session, owner_id)
    shown = dict(blobs)
    for purpose, size_bytes in trees.items():
        shown[purpose] = shown.get(purpose, 0) + size_bytes
    if unfinished:
        shown["unfinished"] = unfinished
    return Usage(
        used_bytes=sum(blobs.values()) + unfinished,
        limit_bytes=work.settings(FilesSettings).quota_bytes if limit is None else limit,
        by_purpose=dict(sorted(shown.items())),
    )


async def storage_of(work: Work) -> Usage:
    """The actor's own usage."""
    return await usage(work, work.actor.owner())


def limits(work: Work) -> UploadLimits:
    known = work.settings(FilesSettings)
    return UploadLimits(max_upload_bytes=known.max_upload_bytes, max_duration_s=known.max_duration_s)


async def set_quota(work: Work, owner_id: AccountId, limit_bytes: int | None) -> None:
    """Give an account its own limit; None gives back the default. What is already there stays."""
    row = await repository.lock_quota(work.session, owner_id)
    row.limit_bytes = limit_bytes


async def reserve(work: Work, owner_id: AccountId, size_bytes: int) -> None:
    """Raises `QuotaExceeded` when so many more bytes do not fit; else nobody else of this account checks
    until the transaction ends."""
    await repository.lock_quota(work.session, owner_id)
    held = await usage(work, owner_id)
    free = held.limit_bytes - held.used_bytes
    if size_bytes > free:
        raise QuotaExceeded(
            f"This file has {size_in_words(size_bytes)}, and your storage has {size_in_words(max(0, free))} left"
            f" of {size_in_words(held.limit_bytes)}. Delete something first."
        )


async def free_quota(work: Work, owner_id: AccountId) -> int:
    """Bytes that still fit; nobody else of this account checks until the transaction ends."""
    await repository.lock_quota(work.session, owner_id)
    held = await usage(work, owner_id)
    return max(0, held.limit_bytes - held.used_bytes)


async def check_disk(work: Work, size_bytes: int) -> None:
    """Raises `NoRoom` when the store could not hold so many more bytes. Call outside a transaction."""
    space = await work.storage.free_bytes()
    if space is not None and size_bytes > space[0] - work.settings(FilesSettings).disk_reserve_bytes:
        raise NoRoom
