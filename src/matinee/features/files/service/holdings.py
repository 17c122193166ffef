"""What the house keeps, for who runs it: by kind, subject, age and account. Never names a file."""

from collections.abc import Sequence
from datetime import timedelta

from matinee.features.files import repository
from matinee.features.files.repository import sums
from matinee.features.files.schemas import AccountShare, Holdings, Share
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

AGES = (
    ("a day", timedelta(days=1)),
    ("a week", timedelta(days=7)),
    ("a month", timedelta(days=30)),
    ("a year", timedelta(days=365)),
)
OLDER = "longer"
ACCOUNTS = 100


async def holdings(work: Work) -> Holdings:
    """Reads every row of the room once: for a page that somebody opens, not for a poll."""
    totals = await repository.totals(work.session)
    steps = [(name, work.now - age) for name, age in AGES]
    ages = await sums.kept_by_age(work.session, steps, OLDER)
    return Holdings(
        originals_bytes=totals["originals"],
        generated_bytes=totals["generated"],
        unfinished_bytes=totals["unfinished"],
        shared_bytes=await sums.shared_bytes(work.session),
        kinds=_shares(await sums.kept_by_purpose(work.session)),
        subjects=_shares(await sums.kept_by_subject(work.session)),
        ages=_shares([(name, *ages.get(name, (0, 0))) for name in (*(name for name, _ in AGES), OLDER)]),
        accounts=[
            AccountShare(account_id=AccountId(owner), originals_bytes=originals, generated_bytes=generated)
            for owner, originals, generated in await sums.kept_by_owner(work.session, ACCOUNTS)
        ],
    )


def _shares(rows: Sequence[tuple[str, int, int]]) -> list[Share]:
    return [Share(name=name, size_bytes=size, files=files) for name, size, files in rows]
