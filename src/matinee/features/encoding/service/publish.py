"""From a finished segment on disk to one that people can fetch: stored, recorded, and soon playable.

Never encodes. A segment that is recorded already is left as it is, unless it is to be replaced: players may hold it.
What was stored is recorded, whatever becomes of the run: a database that is away for a while stops no encoder, a step
that fails records what it has, and the run after a worker's death what that one could not.
"""

import contextlib
import time
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from matinee.engines.media import Segment, SourceFacts, Tools, decodes
from matinee.engines.media.cmaf import codecs_of, seconds_of
from matinee.features.encoding import repository
from matinee.features.encoding.service import course
from matinee.features.files import service as files
from matinee.features.files.schemas import TreeId
from matinee.features.videos import schemas as video_schemas
from matinee.features.videos import service as videos
from matinee.infra.db import is_away
from matinee.infra.work import Works
from matinee.kernel.ids import RenditionId, VideoId

log = structlog.get_logger(__name__)
FLUSH_S = 0.5
LATER_S = 2.0
OFTEN = 10
VERIFY_S = 1.0


class Superseded(Exception):
    """The encode was cancelled, replaced or deleted while a step of it ran."""


class Publisher:
    """Takes segments as they are completed; `firsts` names what makes the video playable: {rendition:
    "picture:source"}, with "sound" or "ladder" likewise. Left as a context, it records what still waits."""

    def __init__(
        self,
        works: Works,
        video_id: VideoId,
        generation: int,
        renditions: dict[str, UUID],
        firsts: dict[str, str],
        facts: SourceFacts,
        scratch: Path,
        tools: Tools,
        *,
        replacing: bool = False,
    ) -> None:
        self._works = works
        self._video_id = video_id
        self._generation = generation
        self._renditions = renditions
        self._firsts = firsts
        self._facts = facts
        self._scratch = scratch
        self._tools = tools
        self._replacing = replacing
        self._codecs: dict[str, str] = {}
        self._trees: dict[str, TreeId] = {}
        self._present: dict[str, set[int]] = {}
        self._inits: dict[str, int] = {}
        self._pending: dict[str, list[video_schemas.Segment]] = {}
        self._flushed_at = 0.0
        self._flushes = 0
        self._announced: set[str] = set()
        self._said: set[str] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self._finish()
        elif self._pending and not isinstance(error, Superseded):
            try:
                await self.flush()
            except Exception as also:  # what failed first is what has to be told
                log.warning("encoding.segments_not_recorded", error=type(also).__name__)

    async def __call__(self, segment: Segment) -> None:
        name = segment.rendition
        if name not in self._codecs:
            await self._open(name)
            self._codecs[name] = codecs_of(segment.init_path.read_bytes())
        if segment.n in self._present[name] and not self._replacing:
            segment.path.unlink(missing_ok=True)
        else:
            storage = self._works.storage
            tree = self._trees[name]
            if name not in self._inits:
                init = await storage.put_file(files.tree_key(tree, "init.mp4"), segment.init_path)
                self._inits[name] = init.size_bytes
            await storage.put_file(files.tree_key(tree, f"{segment.n}.m4s"), segment.path, move=True)
            self._note(name, segment.n, segment.duration_s, segment.size_bytes)
        new_first = self._firsts.get(name) not in (None, *self._said) and 0 in self._present[name]
        pause_s = FLUSH_S if self._flushes < OFTEN else LATER_S
        if new_first or time.monotonic() - self._flushed_at >= pause_s:
            try:
                await self.flush()
            except DBAPIError as error:
                if not is_away(error):
                    raise
                log.warning("encoding.record_waits", error=type(error.orig).__name__)

    async def adopt(self, names: Iterable[str], wanted: Collection[int]) -> None:
        """Record the segments `wanted` of renditions that an earlier run has stored and could not record. Raises
        `Superseded`."""
        for name in names:
            await self._open(name)
            tree, missing = self._trees[name], set(wanted) - self._present[name]
            found = [item.key async for item in self._works.storage.list(files.tree_prefix(tree))]
            lost = [key for key in found if _number(key) in missing]
            if not lost or files.tree_key(tree, "init.mp4") not in found:
                continue
            init = await self._read(files.tree_key(tree, "init.mp4"))
            self._codecs[name], self._inits[name] = codecs_of(init), len(init)
            for key in lost:
                data = await self._read(key)
                with contextlib.suppress(ValueError):
                    self._note(name, _number(key), seconds_of(init, data), len(data))
        if self._pending:
            log.info("encoding.adopted", segments=sum(map(len, self._pending.values())))
            await self.flush()

    async def _read(self, key: str) -> bytes:
        return b"".join([chunk async for chunk in self._works.storage.read(key)])

    def _note(self, name: str, number: int, duration_s: float, size_bytes: int) -> None:
        segment = video_schemas.Segment(number=number, duration_s=duration_s, size_bytes=size_bytes)
        self._pending.setdefault(name, []).append(segment)
        self._present[name].add(number)

    async def _open(self, name: str) -> None:
        rendition_id = RenditionId(self._renditions[name])
        async with self._works.open() as work:
            self._trees[name] = TreeId(await videos.rendition_tree(work, rendition_id))
            self._present[name] = await videos.segment_numbers(work, rendition_id)

    async def flush(self) -> None:
        """Record what waits, or keep it for the next time. Raises `Superseded`."""
        self._flushed_at = time.monotonic()
        self._flushes += 1
        async with self._works.open() as work:
            encode = await repository.encode(work.session, self._video_id)
            states = ("encoding", "done") if self._replacing else ("encoding",)
            if encode is None or encode.generation != self._generation or encode.state not in states:
                raise Superseded
            for name, segments in self._pending.items():
                rendition_id = RenditionId(self._renditions[name])
                if name not in self._announced:
                    await videos.set_init(
                        work, rendition_id, size_bytes=self._inits[name], codecs=self._codecs[name]
                    )
                added = await videos.add_segments(work, rendition_id, segments)
                await files.note_tree_bytes(work, self._trees[name], added)
        self._announced |= set(self._pending)
        self._pending = {}
        new = {
            part: name
            for name, part in self._firsts.items()
            if part not in self._said and 0 in self._present.get(name, ())
        }
        if new:
            await self._note_firsts(new)
            self._said |= set(new)

    async def _finish(self) -> None:
        """Record the rest. What was replaced gets new addresses: the ones it had are cached. Raises `Superseded`."""
        await self.flush()
        if not self._replacing:
            return
        async with self._works.open() as work:
            for name in sorted(self._trees):
                await videos.renew_rendition(work, RenditionId(self._renditions[name]))

    async def _note_firsts(self, new: dict[str, str]) -> None:
        """Once every part has its first segment and ffmpeg really decodes them, the video is playable."""
        async with self._works.open() as work:
            encode = await repository.encode(work.session, self._video_id, lock=True)
            if encode is None:
                raise Superseded
            encode.firsts = {**encode.firsts, **new}
            firsts: dict[str, str] = dict(encode.firsts)
            done = encode.playable_at is not None
            parts = ("picture", "sound") if self._facts.audio else ("picture",)
            ids = dict(encode.renditions)
        complete = [
            [firsts[f"{part}:{group}"] for part in parts]
            for group in ("source", "ladder")
            if all(f"{part}:{group}" in firsts for part in parts)
        ]
        if done or not complete:
            return
        for name in complete[0]:
            async with self._works.open() as work:
                tree = TreeId(await videos.rendition_tree(work, RenditionId(UUID(ids[name]))))
            init = await self._works.storage.local_path(files.tree_key(tree, "init.mp4"), self._scratch)
            first = await self._works.storage.local_path(files.tree_key(tree, "0.m4s"), self._scratch)
            if not await decodes(
                self._tools, init, [first], min_s=min(VERIFY_S, self._facts.duration_s * 0.8)
            ):
                return
        async with self._works.open() as work:
            encode = await repository.encode(work.session, self._video_id, lock=True)
            if encode is not None and encode.playable_at is None and encode.state == "encoding":
                encode.playable_at = work.now
                await videos.mark_playable(work, self._video_id, work.now)
                await course.want_rest(work, encode)


def _number(key: str) -> int:
    """Of a segment; -1 for the key of anything else."""
    name = PurePosixPath(key)
    return int(name.stem) if name.suffix == ".m4s" and name.stem.isdecimal() else -1
