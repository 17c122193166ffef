"""Which files are waited for. An upload without an expectation is refused before its bytes are taken."""

from matinee.features.files import repository
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, new_id
from matinee.kernel.subject import Subject


async def expect(
    work: Work, owner_id: AccountId, purpose: str, subject: str | Subject, max_bytes: int
) -> None:
    """Let `owner_id` upload for (`purpose`, `subject`), at most `max_bytes` and never more than the house
    allows.

    Stays until `unexpect`: an upload may be made again after one ended. A second call changes owner and size.
    """
    await repository.put_expectation(
        work.session,
        id=new_id(),
        owner_id=owner_id,
        purpose=purpose,
        subject=str(subject),
        max_bytes=max_bytes,
        at=work.now,
    )


async def unexpect(work: Work, subject: str | Subject, purpose: str | None = None) -> None:
    """Take no more uploads for `subject`, of `purpose` or of any. Those already open go on: see `cancel_uploads`."""
    await repository.drop_expectations(work.session, str(subject), purpose)
