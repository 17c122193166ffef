"""A video filled by hand the way room encoding fills it: renditions, segments and pictures of made-up bytes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from tests.support.films import TUS, coded
from tests.support.house import House, Person

from matinee.engines.media import Storyboard
from matinee.features.files import service as files
from matinee.features.videos import schemas
from matinee.features.videos import service as videos
from matinee.infra.work import Work
from matinee.kernel.ids import RenditionId

SEGMENT_S = 4.0
FACTS = schemas.SourceFacts(
    container="mp4",
    duration_s=16,
    size_bytes=5_000,
    video=schemas.SourceVideo(
        codec="h264", profile="High", width=1280, height=720, rotation=0, fps=25, variable_fps=False,
        pixel_format="yuv420p", bit_depth=8,
    ),
    audio=[schemas.SourceAudio(codec="aac", channels=2, sample_rate=48_000, language="de")],
)  # fmt: skip
BOARD = Storyboard(step_s=4, count=4, duration_s=16, width=160, height=90, across=2, down=1)
SIZES = {"240p": (426, 240), "360p": (640, 360), "720p": (1280, 720), "source": (1280, 720)}


def content(name: str, number: int) -> bytes:
    """What the segment `number` of the rendition `name` holds."""
    return f"{name}/{number};".encode() * (100 + number)


class Film:
    """One video of `person`. Every step is a unit of work of the house itself, as in a handler."""

    def __init__(self, house: House, person: Person, video: dict[str, Any]) -> None:
        self.house = house
        self.person = person
        self.id = UUID(video["id"])
        self.renditions: dict[str, RenditionId] = {}

    @classmethod
    async def made(cls, house: House, person: Person, **form: Any) -> "Film":
        """`uploading`, private unless `form` says otherwise."""
        answer = await person.client.post("/api/v1/videos", json={"title": "A film", **form})
        assert answer.status_code == 201, answer.text
        return cls(house, person, answer.json())

    @classmethod
    async def playing(cls, house: House, person: Person, **form: Any) -> "Film":
        """`playable`: one complete rung with its sound, two pictures, a storyboard."""
        film = await cls.made(house, person, **form)
        await film.check()
        await film.add("240p")
        await film.add("audio-0")
        await film.put("audio-0", range(4), complete=True)
        await film.put("240p", range(4), complete=True)
        await film.pictures(2)
        await film.storyboard()
        async with house.works.open() as work:
            await videos.mark_playable(work, film.id, work.now)
        return film

    async def upload(self, data: bytes = b"the source " * 400) -> UUID:
        """Its file, through tus. The encoder is not told: these tests are in its place."""
        metadata = (
            f"filename {coded('film.mp4')},purpose {coded('video')},subject {coded(f'video:{self.id}')}"
        )
        made = await self.person.client.post(
            "/api/v1/uploads",
            headers={
                **TUS,
                "Upload-Length": str(len(data)),
                "Upload-Metadata": metadata,
                "Content-Type": "application/offset+octet-stream",
            },
            content=data,
        )
        assert made.status_code == 201, made.text
        async with self.house.works.open() as work:
            await work.session.execute(
                text("DELETE FROM procrastinate_jobs WHERE task_name LIKE 'encoding.%'")
            )
        return UUID(made.headers["location"].rsplit("/", 1)[1])

    async def check(self) -> None:
        """Its source has arrived and was found good."""
        blob_id = await self.upload()
        async with self.house.works.open() as work:
            await videos.begin_checking(work, self.id, blob_id, work.now)
            await videos.set_source(work, self.id, facts=FACTS, duration_s=16, width=1280, height=720)

    async def add(self, name: str, **more: Any) -> RenditionId:
        audio = "audio" in name
        width, height = SIZES.get(name, (None, None))
        plan = schemas.RenditionPlan(
            name=name,
            kind="audio" if audio else "video",
            role="source" if name.startswith("source") else "audio" if audio else "ladder",
            codecs="mp4a.40.2" if audio else "avc1.64001f",
            target_s=SEGMENT_S,
            bandwidth_bps=100_000,
            width=width,
            height=height,
            fps=None if audio else 25,
            is_default=audio,
            **{"aligned": not name.startswith("source"), **more},
        )
        async with self.house.works.open() as work:
            self.renditions[name] = await videos.add_rendition(work, self.id, plan)
        return self.renditions[name]

    async def put(self, name: str, numbers: Sequence[int], *, complete: bool = False) -> None:
        """Store and record the segments, init first."""
        rendition_id = self.renditions[name]
        async with self.house.works.open() as work:
            tree = await videos.rendition_tree(work, rendition_id)
            added = 0
            init = await work.storage.put_bytes(files.tree_key(tree, "init.mp4"), f"init of {name}".encode())
            await videos.set_init(work, rendition_id, size_bytes=init.size_bytes)
            segments = []
            for number in numbers:
                data = content(name, number)
                await work.storage.put_bytes(files.tree_key(tree, f"{number}.m4s"), data)
                added += len(data)
                segments.append(schemas.Segment(number=number, duration_s=SEGMENT_S, size_bytes=len(data)))
            await files.note_tree_bytes(work, tree, added)
            await videos.add_segments(work, rendition_id, segments)
            if complete:
                await videos.finish_rendition(work, rendition_id, frame_count=len(numbers) * 100)

    async def pictures(self, number: int) -> None:
        async with self.house.works.open() as work:
            candidates = [await self._picture(work, index) for index in range(number)]
            await videos.set_posters(work, self.id, candidates)

    async def storyboard(self) -> None:
        """Two sheets of two cells, made of the lowest rung."""
        tree = files.new_tree()
        async with self.house.works.open() as work:
            for n in range(BOARD.sheet_count):
                await work.storage.put_bytes(files.tree_key(tree, f"{n}.webp"), f"sheet {n}".encode())
            await videos.set_storyboard(work, self.id, self.renditions["240p"], tree, BOARD, 14)

    async def own_picture(self) -> None:
        async with self.house.works.open() as work:
            await videos.set_own_poster(work, self.id, await self._picture(work, 7))

    async def _picture(self, work: Work, index: int) -> schemas.PosterCandidate:
        subject = f"video:{self.id}"
        tree = await files.open_tree(work, self.person.account_id, "poster", subject)
        for width in (320, 640):
            for form in ("avif", "webp", "jpg"):
                data = f"picture {index} {width} {form}".encode()
                await work.storage.put_bytes(files.tree_key(tree, f"{width}.{form}"), data)
        await files.note_tree_bytes(work, tree, 100)
        return schemas.PosterCandidate(
            index=index, at_s=index * 3.0, tree_id=tree, widths=[320, 640], tint="#102030"
        )

    async def seen(self, by: Person | None = None) -> dict[str, Any]:
        """As its owner, or somebody else, is told of it."""
        answer = await (by or self.person).client.get(f"/api/v1/videos/{self.id}")
        assert answer.status_code == 200, answer.text
        video: dict[str, Any] = answer.json()
        return video

    async def base(self) -> str:
        """The start of its media addresses, as its owner gets them."""
        playback = (await self.seen())["playback"]
        return str(playback["hls"]).removesuffix("/master.m3u8")
