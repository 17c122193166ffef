"""Trees: many generated files below one prefix, counted together and dropped together.

Never writes a file: the room that opened a tree stores them at `tree_key` and notes their bytes.
"""

from collections.abc import Sequence
from datetime import timedelta

from matinee.features.files import repository
from matinee.features.files.errors import TreeNotFound
from matinee.features.files.messages import DeleteTreeBytes
from matinee.features.files.models import Tree
from matinee.features.files.schemas import TreeId
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, new_id
from matinee.kernel.subject import Subject

LATE_WRITERS_S = 3600


def new_tree() -> TreeId:
    """An id under which files may be stored before `open_tree` records it; without that, a sweep removes them."""
    return TreeId(new_id())


async def open_tree(
    work: Work, owner_id: AccountId, purpose: str, subject: str | Subject, tree_id: TreeId | None = None
) -> TreeId:
    tree_id = tree_id or new_tree()
    work.session.add(
        Tree(
            id=tree_id,
            owner_id=owner_id,
            purpose=purpose,
            subject=str(subject),
            size_bytes=0,
            created_at=work.now,
        )
    )
    await work.session.flush()
    return tree_id


async def note_tree_bytes(work: Work, tree_id: TreeId, added_bytes: int) -> None:
    """Count `added_bytes` more (or fewer, when negative). Raises `TreeNotFound` when it was dropped."""
    if not await repository.add_tree_bytes(work.session, tree_id, added_bytes):
        raise TreeNotFound


async def drop_tree(work: Work, tree_id: TreeId, *, keep_s: float = 0) -> None:
    """Forget the tree now and delete its files after the commit, or `keep_s` seconds later for readers that
    are still at it. Idempotent."""
    if await repository.delete_tree(work.session, tree_id):
        gone = DeleteTreeBytes(tree_id=tree_id)
        work.send(gone, at=work.now + timedelta(seconds=keep_s) if keep_s else None)
        # Once more, for a writer that did not know yet.
        work.send(gone, at=work.now + timedelta(seconds=keep_s + LATE_WRITERS_S))


async def bytes_of(work: Work, subjects: Sequence[str]) -> dict[str, int]:
    """All bytes kept for each of `subjects`: originals and generated files."""
    return await repository.bytes_of_subjects(work.session, subjects)
