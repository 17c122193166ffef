"""Who may see, change and play a video, and the grants that its addresses carry."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from matinee.features.accounts import service as accounts
from matinee.features.videos import repository, rules
from matinee.features.videos.errors import NotYours, VideoNotFound
from matinee.features.videos.models import Video
from matinee.features.videos.service.keys import media_key, media_keys
from matinee.features.videos.settings import VideosSettings
from matinee.infra.work import Work
from matinee.kernel.actor import Actor
from matinee.kernel.ids import AccountId

OVERSEE = "videos.oversee"
_FOLLOWING = frozenset({"read", "upload", "manage"})
_LOOKING = frozenset({"read", "manage"})


@dataclass(frozen=True, slots=True)
class Grant:
    """`text` stands in the address; `expires_at` is None for an open one."""

    text: str
    expires_at: datetime | None


def is_owner(actor: Actor, video: Video) -> bool:
    return actor.account_id is not None and actor.account_id == video.owner_id


def is_open(video: Video) -> bool:
    """Whether everybody who has the address may see it."""
    return rules.seen_by_others(
        video.visibility,  # type: ignore[arg-type]
        video.held,
        video.state,  # type: ignore[arg-type]
        video.playable_at,
    )


def has_insight(actor: Actor, video: Video) -> bool:
    """The owner, and those who run the house. A token that uploads follows what becomes of its owner's films."""
    return (is_owner(actor, video) and _holds(actor, _FOLLOWING)) or actor.may(OVERSEE)


def may_look(actor: Actor, video: Video) -> bool:
    """Of those with insight: who may see pictures, film and source, too."""
    return has_insight(actor, video) and _holds(actor, _LOOKING)


async def visible(work: Work, video_id: UUID) -> Video:
    """Raises `VideoNotFound` for what is not there and for what the actor may not know of, alike."""
    video = await repository.video(work.session, video_id)
    if video is None or not (is_open(video) or has_insight(work.actor, video)):
        raise VideoNotFound
    return video


async def note(work: Work, act: str, video: Video) -> None:
    """What somebody who runs the house does with the video of somebody else is written down."""
    if not is_owner(work.actor, video) and work.job is None:
        about, words = AccountId(video.owner_id), {"video": video.id, "title": video.title}
        await accounts.audit.record(work, act, about=about, words=words)


async def owned(work: Work, video_id: UUID) -> Video:
    """Locked, for a change by its owner or those who run the house."""
    video = await repository.video(work.session, video_id, lock=True)
    if video is None or not (is_open(video) or has_insight(work.actor, video)):
        raise VideoNotFound
    if not has_insight(work.actor, video):
        raise NotYours
    return video


def media_grant(work: Work, video: Video) -> Grant | None:
    """For an actor who may know of the video; None for one who may not look at it."""
    if is_open(video):
        return Grant(rules.OPEN_GRANT, None)
    return _signed(work, video.id, "media") if may_look(work.actor, video) else None


def original_grant(work: Work, video: Video) -> Grant | None:
    """For the owner: the untouched source is never open."""
    return _signed(work, video.id, "original") if may_look(work.actor, video) else None


def grant_opens(work: Work, video_id: UUID, video: Video | None, grant: str, purpose: str) -> bool:
    """Whether `grant` lets its bearer fetch `purpose` of the video. Takes as long for what is not there."""
    signed = any(rules.grant_holds(key, video_id, purpose, grant, work.now) for key in media_keys(work))
    if video is None:
        return False
    return signed or (purpose == "media" and grant == rules.OPEN_GRANT and is_open(video))


def _holds(actor: Actor, scopes: frozenset[str]) -> bool:
    """Whether this is no token, or one with any of `scopes`."""
    return actor.scopes is None or not scopes.isdisjoint(actor.scopes)


def _signed(work: Work, video_id: UUID, purpose: str) -> Grant:
    valid_s = work.settings(VideosSettings).media_grant_s
    if work.actor.behind is not None:  # who looks through somebody's eyes does not go on for hours
        valid_s = min(valid_s, round(accounts.LOOK_LIFE.total_seconds()))
    expires = rules.grant_expiry(work.now, valid_s)
    return Grant(
        rules.sign(media_key(work), video_id, purpose, expires), datetime.fromtimestamp(expires, UTC)
    )
