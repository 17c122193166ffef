"""What stands behind the addresses under /media: who may fetch it, the manifests, the keys of stored bytes.

One look-up by primary key decides about a segment. Never reads stored bytes: the router streams them.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from threading import Lock
from typing import Final
from uuid import UUID

from matinee.engines import media
from matinee.features.files import service as files
from matinee.features.files.schemas import TreeId
from matinee.features.videos import repository, rules
from matinee.features.videos.errors import MediaNotFound
from matinee.features.videos.models import Rendition, Video
from matinee.features.videos.service import access
from matinee.infra.work import Work
from matinee.kernel.errors import NotFound
from matinee.kernel.ids import BlobId

HLS_TYPE: Final = "application/vnd.apple.mpegurl"
DASH_TYPE: Final = "application/dash+xml"
VTT_TYPE: Final = "text/vtt"
_PICTURES: Final = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
_KEPT_MANIFESTS: Final = 512


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes to stream from storage. `is_open`: everybody may have them; `filename` offers them as a download."""

    key: str
    media_type: str
    kind: str
    is_open: bool
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Text that still changes."""

    text: str
    etag: str
    media_type: str
    is_open: bool


async def manifest(work: Work, video_id: UUID, grant: str, name: str) -> Manifest:
    """`master.m3u8` or `manifest.mpd`. Raises `MediaNotFound`, also while nothing plays."""
    video = await repository.video(work.session, video_id)
    if not access.grant_opens(work, video_id, video, grant, "media") or video is None or not video.master:
        raise MediaNotFound
    grows = video.state in rules.GROWING
    kept = (video_id, f"{name} growing" if grows else name, video.media_version)
    text = _kept.get(kept)
    if text is None:
        rows = (await repository.renditions(work.session, [video_id]))[video_id]
        rows = [row for row in rows if str(row.id) in video.master]
        segments = await repository.segments(work.session, [row.id for row in rows])
        shown = [_described(row, segments[row.id], prefix=f"{row.id}/") for row in rows]
        if name == "master.m3u8":
            text = media.hls_master(shown)
        else:
            complete = all(row.complete for row in rows)
            growth = media.Growth(video.received_at or video.created_at, work.now) if grows else None
            text = media.dash_manifest(shown, video.duration_s or 0.0, complete, growth)
        _kept.put(kept, text)
    return _manifest(text, HLS_TYPE if name == "master.m3u8" else DASH_TYPE, grant)


async def playlist(work: Work, video_id: UUID, grant: str, rendition_id: UUID) -> Manifest:
    """The media playlist of one rendition, also after it left the master: players that hold it play on."""
    video, row = await _rendition(work, video_id, grant, rendition_id)
    if row.init_bytes is None or row.contiguous == 0:
        raise MediaNotFound
    kept = (rendition_id, "index.m3u8", video.media_version)
    text = _kept.get(kept)
    if text is None:
        whole = await repository.rendition(work.session, rendition_id)
        if whole is None:
            raise MediaNotFound
        segments = await repository.segments(work.session, [rendition_id])
        text = media.hls_media(_described(whole, segments[rendition_id], prefix=""))
        _kept.put(kept, text)
    return _manifest(text, HLS_TYPE, grant)


async def segment(
    work: Work, video_id: UUID, grant: str, rendition_id: UUID, name: str, revision: int
) -> Stored:
    """`init.mp4` or `{n}.m4s`. Past revisions answer too; one to come does not, or its old bytes would be cached."""
    _, row = await _rendition(work, video_id, grant, rendition_id)
    if revision > row.revision:
        raise MediaNotFound
    kind = "video" if row.kind == "video" else "audio"
    key = files.tree_key(TreeId(row.tree_id), name)
    return Stored(key, f"{kind}/mp4", "segment", grant == rules.OPEN_GRANT)


async def picture(work: Work, video_id: UUID, grant: str, number: int, width: int, form: str) -> Stored:
    """One size and form of a poster."""
    found = await repository.poster_with_video(work.session, video_id, number)
    video = None if found is None else found[1]
    if not access.grant_opens(work, video_id, video, grant, "media") or found is None:
        raise MediaNotFound
    poster = found[0]
    if width not in poster.widths or form not in _PICTURES:
        raise MediaNotFound
    key = files.tree_key(TreeId(poster.tree_id), f"{width}.{form}")
    return Stored(key, _PICTURES[form], "picture", grant == rules.OPEN_GRANT)


async def storyboard(work: Work, video_id: UUID, grant: str) -> Manifest:
    """Which place of which sheet shows which stretch of the film."""
    video, board = await _storyboard(work, video_id, grant)
    text = media.storyboard_vtt(board, "storyboard/{n}.webp", video.storyboards_made * rules.SHEETS_AT_ONCE)
    return _manifest(text, VTT_TYPE, grant)


async def sheet(work: Work, video_id: UUID, grant: str, number: int) -> Stored:
    """One sheet of the storyboard. Its number is never given to another's: sheets are cached for ever."""
    video, board = await _storyboard(work, video_id, grant)
    n = number - video.storyboards_made * rules.SHEETS_AT_ONCE
    if video.storyboard_tree_id is None or not 0 <= n < board.sheet_count:
        raise MediaNotFound
    key = files.tree_key(TreeId(video.storyboard_tree_id), f"{n}.webp")
    return Stored(key, _PICTURES["webp"], "picture", grant == rules.OPEN_GRANT)


async def _storyboard(work: Work, video_id: UUID, grant: str) -> tuple[Video, media.Storyboard]:
    video = await repository.video(work.session, video_id)
    if not access.grant_opens(work, video_id, video, grant, "media") or video is None:
        raise MediaNotFound
    if video.storyboard is None:
        raise MediaNotFound
    return video, media.Storyboard.from_json(video.storyboard)


async def original(work: Work, video_id: UUID, grant: str) -> Stored:
    """The source as it was uploaded, by the owner's grant only."""
    video = await repository.video(work.session, video_id)
    if not access.grant_opens(work, video_id, video, grant, "original") or video is None:
        raise MediaNotFound
    if video.source_blob_id is None:
        raise MediaNotFound
    try:
        blob = await files.blob(work, BlobId(video.source_blob_id))
    except NotFound:
        raise MediaNotFound from None
    name = video.filename or blob.filename or "video"
    return Stored(blob.key, "application/octet-stream", "original", False, filename=name)


async def _rendition(work: Work, video_id: UUID, grant: str, rendition_id: UUID) -> tuple[Video, Rendition]:
    found = await repository.rendition_with_video(work.session, video_id, rendition_id)
    video = None if found is None else found[1]
    if not access.grant_opens(work, video_id, video, grant, "media") or found is None:
        raise MediaNotFound
    return found[1], found[0]


def _described(row: Rendition, segments: Sequence[tuple[int, float, int]], *, prefix: str) -> media.Rendition:
    suffix = f"-{row.revision}" if row.revision else ""
    return media.Rendition(
        name=row.name,
        kind="video" if row.kind == "video" else "audio",
        codecs=row.codecs,
        segments=segments,
        complete=row.complete,
        target_duration_s=max(1, -int(-row.target_s // 1)),
        playlist_url=f"{prefix}index.m3u8",
        init_url=f"{prefix}init{suffix}.mp4",
        segment_url=f"{prefix}{{n}}{suffix}.m4s",
        width=row.width,
        height=row.height,
        fps=None if not row.fps else Fraction(row.fps).limit_denominator(1001),
        peak_bps=row.peak_bps or row.declared_bps,
        group="source" if row.role == "source" else "ladder",
        language=row.language,
        label=row.label,
        default=row.is_default,
        channels=row.channels,
    )


def _manifest(text: str, media_type: str, grant: str) -> Manifest:
    etag = hashlib.sha256(text.encode()).hexdigest()[:24]
    return Manifest(text, etag, media_type, grant == rules.OPEN_GRANT)


class _Kept:
    """The last manifests that this process wrote, by what they show and its version."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._texts: OrderedDict[tuple[UUID, str, int], str] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[UUID, str, int]) -> str | None:
        with self._lock:
            if (text := self._texts.get(key)) is not None:
                self._texts.move_to_end(key)
            return text

    def put(self, key: tuple[UUID, str, int], text: str) -> None:
        with self._lock:
            self._texts[key] = text
            while len(self._texts) > self._most:
                self._texts.popitem(last=False)


_kept = _Kept(_KEPT_MANIFESTS)
