"""What messages do in this room. Holds no logic."""

from matinee.features.files import service
from matinee.features.files.messages import (
    AbortDirect,
    DeleteOriginal,
    DeleteTreeBytes,
    DiscardPart,
    HashBlob,
    JoinParts,
    RunFetch,
    ShareOriginal,
    StartFetches,
    SweepOrphans,
    SweepUploads,
)
from matinee.infra.room import Handler, Periodic
from matinee.infra.work import Work


async def hash_blob(work: Work, order: HashBlob) -> None:
    await service.hash_blob(work, order.blob_id)


async def share_original(work: Work, order: ShareOriginal) -> None:
    await service.share_original(work, order.blob_id)


async def delete_original(work: Work, order: DeleteOriginal) -> None:
    await service.delete_original(work, order.original_id)


async def delete_tree_bytes(work: Work, order: DeleteTreeBytes) -> None:
    await service.delete_tree_bytes(work, order.tree_id)


async def discard_part(work: Work, order: DiscardPart) -> None:
    await service.discard_part(work, order.upload_id)


async def abort_direct(work: Work, order: AbortDirect) -> None:
    await service.abort_direct(work, order.upload_id, order.multipart_id)


async def join_parts(work: Work, order: JoinParts) -> None:
    await service.join_parts(work, order.upload_id)


async def start_fetches(work: Work, _: StartFetches) -> None:
    await service.start_fetches(work)


async def run_fetch(work: Work, order: RunFetch) -> None:
    await service.run_fetch(work, order.upload_id)


async def bury_fetch(work: Work, order: RunFetch, reason: str) -> None:
    await service.bury_fetch(work, order.upload_id)


async def sweep_uploads(work: Work, _: SweepUploads) -> None:
    await service.sweep(work)


async def sweep_orphans(work: Work, _: SweepOrphans) -> None:
    await service.sweep_orphans(work)


HANDLERS = (
    Handler(message=HashBlob, run=hash_blob, priority=-10, retries=3),
    Handler(message=ShareOriginal, run=share_original, priority=-10, retries=3),
    Handler(message=DeleteOriginal, run=delete_original, retries=8),
    Handler(message=DeleteTreeBytes, run=delete_tree_bytes, retries=8),
    Handler(message=DiscardPart, run=discard_part, retries=8),
    Handler(message=AbortDirect, run=abort_direct, retries=8),
    Handler(message=JoinParts, run=join_parts, lock=lambda m: f"files.join:{m.upload_id}", retries=8),
    Handler(message=StartFetches, run=start_fetches, lock=lambda _: "files.start_fetches", priority=5),
    Handler(
        message=RunFetch,
        run=run_fetch,
        lock=lambda m: f"files.fetch:{m.upload_id}",
        retries=8,
        on_dead=bury_fetch,
    ),
    Handler(message=SweepUploads, run=sweep_uploads, lock=lambda _: "files.sweep", retries=1),
    Handler(
        message=SweepOrphans, run=sweep_orphans, lock=lambda _: "files.sweep_orphans", priority=-20, retries=1
    ),
)
PERIODIC = (
    Periodic(cron="* * * * *", order=SweepUploads),
    Periodic(cron="17 4 * * *", order=SweepOrphans),
)
