"""Letters about signing in. The words are made when a letter leaves; a house without mail shows notices on its page."""

from uuid import UUID

from matinee.features.accounts.repository import sessions as repository
from matinee.infra.mail.writing import Words, write
from matinee.infra.work import Work
from matinee.kernel.settings import HouseSettings


async def tell_owner(work: Work, notice_id: UUID) -> None:
    """Nothing to do where the house has no mail, the notice is gone, or its letter has left. Raises `Unavailable` and
    `LetterRefused`."""
    found = await repository.notice(work.session, notice_id)
    if found is None or found[0].told_at is not None or not work.mailer.can_send:
        return
    notice, email = found
    address = work.settings(HouseSettings).address
    words = Words(
        subject="Somebody copied your sign-in",
        lines=(
            "A sign-in of yours at Matinee was used from two places at once, so it was ended: whoever holds the copy is"
            " out, and so is the browser that it was taken from.",
            f"The second one was: {notice.device}, {notice.place}, {notice.at:%d %B %Y at %H:%M} UTC.",
        ),
        button=("See who is signed in", f"{address}/settings"),
        after=("If this was not you with a restored backup of your browser, choose another password.",),
    )
    letter = write(words, id=notice.id, to=email, house="Matinee", address=address)
    async with work.outside():
        await work.mailer.send(letter)
    if (again := await repository.notice(work.session, notice_id)) is not None:
        again[0].told_at = work.now
