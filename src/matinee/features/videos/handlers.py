"""What messages and tallies do: they call the service, and hold no logic."""

from collections.abc import Sequence

from matinee.features.accounts import service as accounts
from matinee.features.accounts.messages import AccountLeaving, AccountStays
from matinee.features.files.messages import FetchFailed
from matinee.features.videos import service
from matinee.features.videos.errors import VideoGone
from matinee.features.videos.messages import DropRendition, ForgetVisits, ReviewCheck
from matinee.infra.room import Handler, Listener, Periodic
from matinee.infra.tally import Tally
from matinee.infra.work import Work


async def drop_rendition(work: Work, message: DropRendition) -> None:
    await service.drop_rendition(work, message.rendition_id)


async def hide_films(work: Work, fact: AccountLeaving) -> None:
    if (found := await accounts.leaving(work, fact.erasure_id)) is not None:
        await service.follow_leaving(work, found[0])


async def show_films(work: Work, fact: AccountStays) -> None:
    await service.follow_leaving(work, fact.account_id)


async def review_check(work: Work, message: ReviewCheck) -> None:
    try:
        await service.review(work, message.video_id, message.check)
    except VideoGone:
        return


async def forget_visits(work: Work, message: ForgetVisits) -> None:
    await service.forget_visits(work)


async def note_import_failed(work: Work, message: FetchFailed) -> None:
    try:
        await service.note_failure(work, message)
    except VideoGone:
        return


async def take_beats(work: Work, beats: Sequence[Tally]) -> None:
    await service.take_beats(work, beats)


HANDLERS = (
    Handler(message=AccountLeaving, run=hide_films),
    Handler(message=AccountStays, run=show_films),
    Handler(message=DropRendition, run=drop_rendition),
    Handler(message=ReviewCheck, run=review_check, lock=lambda message: f"videos:{message.video_id}"),
    Handler(message=FetchFailed, run=note_import_failed, lock=lambda message: message.subject),
    Handler(message=ForgetVisits, run=forget_visits),
)
LISTENERS = (Listener(kind=service.WATCHED, run=take_beats),)
PERIODIC = (Periodic(cron="41 * * * *", order=ForgetVisits),)
