"""The only place with queries of the room; those about fetches are in `fetches`, about uploads straight to the store in
`direct`, sums over everything in `sums`. Private."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from matinee.features.files.models import BlobRow, Expectation, Fetch, Original, Quota, Tree, Upload


async def lock_quota(session: AsyncSession, owner_id: UUID) -> Quota:
    """The owner's row, made when missing, locked until the transaction ends."""
    await session.execute(insert(Quota).values(owner_id=owner_id, limit_bytes=None).on_conflict_do_nothing())
    found = await session.scalars(select(Quota).where(Quota.owner_id == owner_id).with_for_update())
    return found.one()


async def quota_limit(session: AsyncSession, owner_id: UUID) -> int | None:
    return await session.scalar(select(Quota.limit_bytes).where(Quota.owner_id == owner_id))


async def bytes_by_purpose(
    session: AsyncSession, owner_id: UUID
) -> tuple[dict[str, int], int, dict[str, int]]:
    """(blobs by purpose, declared bytes of open uploads, trees by purpose) of one owner."""
    blobs = await session.execute(
        select(BlobRow.purpose, func.sum(BlobRow.size_bytes))
        .where(BlobRow.owner_id == owner_id)
        .group_by(BlobRow.purpose)
    )
    opened = await session.scalar(
        select(func.coalesce(func.sum(Upload.size_bytes), 0)).where(
            Upload.owner_id == owner_id,
            Upload.state == "open",
            # Until its pieces are joined a final upload is counted by them.
            or_(Upload.kind != "final", Upload.offset_bytes > 0),
        )
    )
    trees = await session.execute(
        select(Tree.purpose, func.sum(Tree.size_bytes))
        .where(Tree.owner_id == owner_id)
        .group_by(Tree.purpose)
    )
    return {p: int(n) for p, n in blobs}, int(opened or 0), {p: int(n) for p, n in trees}


async def bytes_of_subjects(session: AsyncSession, subjects: Sequence[str]) -> dict[str, int]:
    """Every one of `subjects`, 0 for those that hold nothing."""
    total = dict.fromkeys(subjects, 0)
    for table in (BlobRow, Tree):
        rows = await session.execute(
            select(table.subject, func.sum(table.size_bytes))
            .where(table.subject.in_(subjects))
            .group_by(table.subject)
        )
        for subject, size_bytes in rows:
            total[subject] += int(size_bytes)
    return total


async def put_expectation(
    session: AsyncSession,
    *,
    id: UUID,
    owner_id: UUID,
    purpose: str,
    subject: str,
    max_bytes: int,
    at: datetime,
) -> None:
    values = {"owner_id": owner_id, "max_bytes": max_bytes}
    await session.execute(
        insert(Expectation)
        .values(id=id, purpose=purpose, subject=subject, created_at=at, **values)
        .on_conflict_do_update(index_elements=["subject", "purpose"], set_=values)
    )


async def expectation(
    session: AsyncSession, owner_id: UUID, purpose: str, subject: str
) -> Expectation | None:
    found = await session.scalars(
        select(Expectation).where(
            Expectation.owner_id == owner_id, Expectation.purpose == purpose, Expectation.subject == subject
        )
    )
    return found.one_or_none()


async def most_expected(session: AsyncSession, owner_id: UUID) -> int | None:
    """The largest file that anybody waits for from this owner; None when nobody waits for any."""
    query = select(func.max(Expectation.max_bytes)).where(Expectation.owner_id == owner_id)
    return await session.scalar(query)


async def drop_expectations(session: AsyncSession, subject: str, purpose: str | None = None) -> None:
    query = delete(Expectation).where(Expectation.subject == subject)
    await session.execute(query if purpose is None else query.where(Expectation.purpose == purpose))


async def blobs_for(session: AsyncSession, subject: str, purpose: str | None = None) -> Sequence[UUID]:
    query = select(BlobRow.id).where(BlobRow.subject == subject)
    return (
        await session.scalars(query if purpose is None else query.where(BlobRow.purpose == purpose))
    ).all()


async def upload(session: AsyncSession, id: UUID, *, lock: bool = False) -> Upload | None:
    query = select(Upload).where(Upload.id == id).execution_options(populate_existing=True)
    found = await session.scalars(query.with_for_update() if lock else query)
    return found.one_or_none()


async def open_uploads(
    session: AsyncSession,
    *,
    owner_id: UUID | None = None,
    subject: str | None = None,
    partials: bool = True,
    limit: int = 1000,
) -> Sequence[Upload]:
    query = select(Upload).where(Upload.state == "open").order_by(Upload.id.desc()).limit(limit)
    if owner_id is not None:
        query = query.where(Upload.owner_id == owner_id)
    if subject is not None:
        query = query.where(Upload.subject == subject)
    if not partials:
        query = query.where(Upload.kind != "partial")
    return (await session.scalars(query)).all()


async def partials(session: AsyncSession, final_id: UUID) -> Sequence[Upload]:
    """The pieces of a final upload, in their order."""
    query = select(Upload).where(Upload.final_id == final_id).order_by(Upload.position)
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def lock_partials(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Upload]:
    """Those of `ids` that are open partial uploads of this owner, locked until the transaction ends."""
    found = await session.scalars(
        select(Upload)
        .where(
            Upload.id.in_(ids),
            Upload.owner_id == owner_id,
            Upload.kind == "partial",
            Upload.state == "open",
        )
        .order_by(Upload.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in found}


async def pieces_are_whole(session: AsyncSession, final_id: UUID) -> bool:
    """Whether all pieces of a final upload hold all their bytes; False when it has none (any more)."""
    whole = await session.scalar(
        select(func.bool_and(Upload.offset_bytes == Upload.size_bytes)).where(Upload.final_id == final_id)
    )
    return bool(whole)


async def delete_uploads(session: AsyncSession, ids: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """(id, state) of those that were there."""
    gone = await session.execute(delete(Upload).where(Upload.id.in_(ids)).returning(Upload.id, Upload.state))
    return [(id, state) for id, state in gone]


async def take_lease(session: AsyncSession, id: UUID, lease: UUID, *, now: datetime, until: datetime) -> bool:
    """Whether `lease` holds the upload now: it was free, or its holder fell silent."""
    done = await session.execute(
        update(Upload)
        .where(
            Upload.id == id,
            Upload.state == "open",
            or_(Upload.lease_owner.is_(None), Upload.lease_expires_at < now),
        )
        .values(lease_owner=lease, lease_expires_at=until)
    )
    return _count(done) == 1


async def note_progress(
    session: AsyncSession,
    id: UUID,
    lease: UUID,
    *,
    offset: int,
    last_byte_at: datetime | None,
    lease_until: datetime,
    expires_at: datetime,
) -> bool:
    """Record durable bytes and renew the lease; False when the lease went to somebody else or the upload
    ended."""
    values: dict[str, object] = {
        "offset_bytes": offset, "lease_expires_at": lease_until, "expires_at": expires_at,
    }  # fmt: skip
    if last_byte_at is not None:
        values["last_byte_at"] = last_byte_at
    done = await session.execute(
        update(Upload)
        .where(Upload.id == id, Upload.lease_owner == lease, Upload.state == "open")
        .values(**values)
        .returning(Upload.final_id)
    )
    row = done.one_or_none()
    if row is not None and row.final_id is not None:  # it lives as long as its pieces
        await session.execute(update(Upload).where(Upload.id == row.final_id).values(expires_at=expires_at))
    return row is not None


async def release_lease(session: AsyncSession, id: UUID, lease: UUID) -> None:
    await session.execute(
        update(Upload)
        .where(Upload.id == id, Upload.lease_owner == lease)
        .values(lease_owner=None, lease_expires_at=None)
    )


async def expired_uploads(session: AsyncSession, now: datetime, limit: int) -> Sequence[Upload]:
    found = await session.scalars(
        select(Upload)
        .where(
            Upload.expires_at < now,
            Upload.final_id.is_(None),  # a piece goes with its whole
            ~exists().where(Fetch.upload_id == Upload.id, Fetch.state != "failed"),
            or_(Upload.lease_expires_at.is_(None), Upload.lease_expires_at < now),
        )
        .order_by(Upload.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return found.all()


async def full_uploads(session: AsyncSession, now: datetime, limit: int) -> Sequence[UUID]:
    """Open uploads that hold all their bytes, and nobody is busy with them, in no order: one that cannot be finished
    must not be in the way."""
    found = await session.scalars(
        select(Upload.id)
        .where(
            Upload.state == "open",
            Upload.sized,
            Upload.offset_bytes == Upload.size_bytes,
            or_(Upload.kind != "partial", Upload.final_id.is_not(None)),
            or_(Upload.lease_expires_at.is_(None), Upload.lease_expires_at < now),
        )
        .order_by(func.random())
        .limit(limit)
    )
    return found.all()


async def known_uploads(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Those of `ids` that are open uploads."""
    return set(await session.scalars(select(Upload.id).where(Upload.id.in_(ids), Upload.state == "open")))


async def blob(session: AsyncSession, id: UUID) -> BlobRow | None:
    return await session.get(BlobRow, id)


async def known_originals(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Those of `ids` that are recorded."""
    return set(await session.scalars(select(Original.id).where(Original.id.in_(ids))))


async def known_trees(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Those of `ids` that are recorded."""
    return set(await session.scalars(select(Tree.id).where(Tree.id.in_(ids))))


async def lock_originals(session: AsyncSession, *ids: UUID) -> set[UUID]:
    """Those that are there, until the transaction ends: nobody begins to share them or frees them meanwhile."""
    query = select(Original.id).where(Original.id.in_(ids)).order_by(Original.id).with_for_update()
    return set(await session.scalars(query))


async def delete_free_original(session: AsyncSession, id: UUID) -> bool:
    """Whether it was deleted: it was there, and no blob had it any more. The caller holds its lock."""
    used = exists().where(BlobRow.original_id == id)
    return _count(await session.execute(delete(Original).where(Original.id == id, ~used))) == 1


async def twin_of(session: AsyncSession, row: BlobRow) -> UUID | None:
    """Other bytes of the same owner that are the same: the oldest."""
    found: UUID | None = await session.scalar(
        select(BlobRow.original_id)
        .where(
            BlobRow.owner_id == row.owner_id,
            BlobRow.sha256 == row.sha256,
            BlobRow.size_bytes == row.size_bytes,
            BlobRow.original_id < row.original_id,
        )
        .order_by(BlobRow.original_id)
        .limit(1)
    )
    return found


async def share(session: AsyncSession, original_id: UUID, twin_id: UUID) -> None:
    """All blobs of `original_id` have the bytes of `twin_id` from now on."""
    moved = update(BlobRow).where(BlobRow.original_id == original_id).values(original_id=twin_id)
    await session.execute(moved.execution_options(synchronize_session=False))


async def doubles(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """Blobs that could share the bytes of an older one and do not yet."""
    older = aliased(BlobRow)
    query = (
        select(BlobRow.id)
        .join(
            older,
            and_(
                older.owner_id == BlobRow.owner_id,
                older.sha256 == BlobRow.sha256,
                older.size_bytes == BlobRow.size_bytes,
                older.original_id < BlobRow.original_id,
            ),
        )
        .distinct()
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def delete_blob(session: AsyncSession, id: UUID) -> UUID | None:
    """Which bytes it had; None when it was not there."""
    gone: UUID | None = await session.scalar(
        delete(BlobRow).where(BlobRow.id == id).returning(BlobRow.original_id)
    )
    return gone


async def set_hash(session: AsyncSession, id: UUID, sha256: str) -> None:
    await session.execute(update(BlobRow).where(BlobRow.id == id).values(sha256=sha256))


async def tree(session: AsyncSession, id: UUID) -> Tree | None:
    return await session.get(Tree, id)


async def add_tree_bytes(session: AsyncSession, id: UUID, added: int) -> bool:
    done = await session.execute(
        update(Tree).where(Tree.id == id).values(size_bytes=func.greatest(0, Tree.size_bytes + added))
    )
    return _count(done) == 1


async def delete_tree(session: AsyncSession, id: UUID) -> bool:
    return _count(await session.execute(delete(Tree).where(Tree.id == id))) == 1


async def rows_of_owner(
    session: AsyncSession, owner_id: UUID, limit: int
) -> tuple[Sequence[Upload], Sequence[BlobRow], Sequence[Tree]]:
    uploads = await session.scalars(select(Upload).where(Upload.owner_id == owner_id).limit(limit))
    blobs = await session.scalars(select(BlobRow).where(BlobRow.owner_id == owner_id).limit(limit))
    trees = await session.scalars(select(Tree).where(Tree.owner_id == owner_id).limit(limit))
    return uploads.all(), blobs.all(), trees.all()


async def blobs_after(
    session: AsyncSession, owner_id: UUID, after: UUID | None, limit: int
) -> Sequence[BlobRow]:
    query = select(BlobRow).where(BlobRow.owner_id == owner_id).order_by(BlobRow.id).limit(limit)
    if after is not None:
        query = query.where(BlobRow.id > after)
    return (await session.scalars(query)).all()


async def forget_owner(session: AsyncSession, owner_id: UUID) -> None:
    """What has no bytes: limits and expectations."""
    await session.execute(delete(Expectation).where(Expectation.owner_id == owner_id))
    await session.execute(delete(Quota).where(Quota.owner_id == owner_id))


async def totals(session: AsyncSession) -> dict[str, int]:
    """Bytes of the whole house: originals, generated, and of open uploads what they hold."""
    blobs = await session.scalar(select(func.coalesce(func.sum(BlobRow.size_bytes), 0)))
    trees = await session.scalar(select(func.coalesce(func.sum(Tree.size_bytes), 0)))
    parts = await session.scalar(
        select(func.coalesce(func.sum(Upload.offset_bytes), 0)).where(Upload.state == "open")
    )
    return {"originals": int(blobs or 0), "generated": int(trees or 0), "unfinished": int(parts or 0)}


def _count(result: object) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
