"""Fifty faults of chance while films of several accounts are uploaded and encoded: afterwards every film is ready to
the last frame, or has failed with a reason, and a person's retry makes it ready.

`MATINEE_CHAOS_SEED` repeats one run. The order of the faults is that of the seed; what they hit depends on the moment.
"""

import contextlib
import os
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import m3u8
import psycopg
import pytest

from matinee.infra import postgres
from tests.journeys import clips, programs
from tests.support.chaos import Chaos, proxy, small_disk
from tests.support.server import Person, Server, open_server, until
from tests.support.stores import Store

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900)]

SEED = int(os.environ.get("MATINEE_CHAOS_SEED") or random.SystemRandom().randrange(1_000_000))
ENDS = ("ready", "failed", "rejected")
NAMED = ("disk", "store", "worker", "killed", "hung", "failed", "database")
"""One of these words says what happened."""
MOST_FILMS, AT_ONCE = 24, 3
PIECE_BYTES = 400_000
REPEATED = 0.05
"""Of all segments, after 50 faults: each may cost what was stored since the last record, half a second before."""


@dataclass(slots=True)
class Feeder:
    """Keeps some films under way, each uploaded in pieces by a client that goes on where the line broke."""

    people: list[Person]
    sources: list[Path]
    dice: random.Random
    made: dict[str, tuple[Person, Path]] = field(default_factory=dict)
    failed: list[BaseException] = field(default_factory=list)
    _clients: dict[str, httpx.Client] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._clients = {person.handle: person.client() for person in self.people}

    def client(self, person: Person) -> httpx.Client:
        return self._clients[person.handle]

    def run(self) -> None:
        try:
            while not self._stop.is_set():
                if len(self.made) < MOST_FILMS and len(self.open()) < AT_ONCE:
                    person = self.people[len(self.made) % len(self.people)]
                    first = self.sources[len(self.made) :]  # each of them once, then by chance
                    source = first[0] if first else self.dice.choice(self.sources)
                    self.made[_sent(self.client(person), source)] = (person, source)
                self._stop.wait(0.5)
        except BaseException as error:
            self.failed.append(error)

    def open(self) -> list[str]:
        return [id for id in self.made if self.look(id)["state"] not in ENDS]

    def look(self, id: str) -> dict[str, Any]:
        person, _ = self.made[id]
        return dict(_answered(self.client(person), "GET", f"/api/v1/videos/{id}", 200).json())

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(180)
        assert not self.failed, self.failed

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


def _answered(client: httpx.Client, method: str, path: str, *wanted: int, **more: Any) -> httpx.Response:
    """An answer, as a patient client gets it: while the house is away, or says 5xx or "locked", it asks again."""

    def ask() -> httpx.Response | None:
        try:
            answer = client.request(method, path, **more)
        except httpx.TransportError:
            return None
        if answer.status_code in wanted:
            return answer
        assert answer.status_code >= 500 or answer.status_code in (409, 423), answer.text
        time.sleep(0.5)
        return None

    answer = until(ask, f"an answer to {method} {path}", 150)
    assert answer is not None
    return answer


def _sent(client: httpx.Client, source: Path) -> str:
    """A film uploaded by tus; its id."""
    id = str(_answered(client, "POST", "/api/v1/videos", 201, json={"title": source.name}).json()["id"])
    data = source.read_bytes()
    metadata = f"filename {programs.coded(source.name)},purpose {programs.coded('video')}"
    metadata += f",subject {programs.coded(f'video:{id}')}"
    tus = {"Tus-Resumable": "1.0.0"}
    created = _answered(
        client, "POST", "/api/v1/uploads", 201,
        headers=tus | {"Upload-Length": str(len(data)), "Upload-Metadata": metadata},
    )  # fmt: skip
    at = created.headers["location"]
    while True:
        head = _answered(client, "HEAD", at, 200, 404, 410, headers=tus)
        if head.status_code != 200 or (offset := int(head.headers["upload-offset"])) == len(data):
            return id
        with contextlib.suppress(httpx.TransportError):
            client.patch(
                at, content=data[offset : offset + PIECE_BYTES],
                headers=tus | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"},
            )  # fmt: skip


def _sources(folder: Path) -> dict[Path, int]:
    """Films with their numbers of frames, and one that is none (0 frames)."""
    notes = folder / "notes.mp4"
    notes.write_text("Milk, bread, two lemons.\n" * 100)
    played = clips.small_bunny_h264(folder, seconds=30)
    other = clips.small_bunny_mpeg4(folder, seconds=40)
    long = clips.small_bunny_mpeg4(folder, seconds=90)
    counted = {path: clips.frames(str(path), "-fps_mode", "cfr") for path in (played, other, long)}
    return counted | {notes: 0}


def _rows(server: Server, query: str) -> list[tuple[Any, ...]]:
    """What the database answers, which may be on its way up."""

    def ask() -> tuple[list[tuple[Any, ...]]] | None:
        url = postgres.running_url(server.data_dir)
        if url is None:
            return None
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(url.replace("+psycopg", ""), connect_timeout=10) as connection,
        ):
            return (connection.execute(query).fetchall(),)
        return None

    answer = until(ask, "the database answers", 90)
    assert answer is not None
    return answer[0]


def _rests(server: Server, chaos: Chaos) -> list[str]:
    """What does not rest yet, in words."""
    steps = _rows(
        server,
        "SELECT s.video_id, s.name, s.state FROM encoding_step s JOIN encoding_encode e ON e.video_id = s.video_id"
        " WHERE s.state = 'running' OR (s.state = 'waiting' AND e.state IN ('checking', 'encoding', 'done'))",
    )
    doing = _rows(
        server,
        "SELECT id, task_name, status::text FROM procrastinate_jobs WHERE status = 'doing'"
        " OR (status = 'todo' AND (scheduled_at IS NULL OR scheduled_at < now() + interval '5 minutes')"
        " AND task_name LIKE 'encoding.%')",
    )
    live = _rows(
        server,
        "SELECT id, state FROM videos_video WHERE source_blob_id IS NOT NULL"
        " AND state NOT IN ('ready', 'failed', 'rejected')",
    )
    growing = _rows(server, "SELECT id FROM files_upload WHERE state = 'open'")
    scratch = [path.name for path in (server.data_dir / "scratch").iterdir()]
    drafts = [str(path) for path in (server.data_dir / "cache").rglob("draft")]
    encoders = [f"ffmpeg {one.pid}" for one in chaos.encoders()]
    return [str(one) for one in (*steps, *doing, *live, *growing, *scratch, *drafts, *encoders)]


def _check_frames(server: Server, video: dict[str, Any], frames: int, folder: Path) -> None:
    master_url = urljoin(server.address, video["playback"]["hls"])
    master = m3u8.loads(httpx.get(master_url).text, uri=master_url)
    assert [rung["state"] for rung in video["ladder"]] == ["done"] * len(master.playlists)
    for variant in master.playlists:
        assert programs.frames(variant.absolute_uri, folder) == frames, (video["id"], variant.uri)


def _quiet(server: Server, chaos: Chaos, what: str) -> None:
    """Until everything rests."""
    deadline = time.monotonic() + 150
    while left := _rests(server, chaos):
        assert time.monotonic() < deadline, f"{what}: {left}"
        time.sleep(0.5)


def _chaos(server: Server, chaos: Chaos, feeder: Feeder) -> None:
    with feeder.running():
        until(feeder.made.keys, "the first film is there")
        for fault in chaos.deck():
            time.sleep(chaos.dice.uniform(0.1, 2.5))
            assert not feeder.failed, feeder.failed
            chaos.happen(fault)
        chaos.end()


def _retried(feeder: Feeder) -> dict[str, str]:
    """Every film is at its end. Those that failed say why, and a person tries them again."""
    reasons = {}
    for id, (person, _) in feeder.made.items():
        video = feeder.look(id)
        assert video["state"] in ENDS, video
        if video["state"] == "failed":
            reasons[id] = str(video["reason"])
            assert any(word in reasons[id].partition("several tries.")[2] for word in NAMED), reasons[id]
            _answered(feeder.client(person), "POST", f"/api/v1/videos/{id}/retry", 200)
    return reasons


def _puts(server: Server, store: Counter[str]) -> tuple[int, int]:
    """How many segments of encoded pictures were stored, and how many of these puts were repeats. Sound and copies cost
    next to nothing, and are made again whole."""
    trees = {
        str(row[0]) for row in _rows(server, "SELECT tree_id FROM videos_rendition WHERE role = 'ladder'")
    }
    segments = {
        path: times for path, times in store.items() if path.endswith(".m4s") and path.split("/")[-2] in trees
    }
    return len(segments), sum(segments.values()) - len(segments)


def _after(server: Server, chaos: Chaos, feeder: Feeder, sources: dict[Path, int], folder: Path) -> None:
    """Everything comes to rest, what failed is tried again, and every film is there to the last frame."""
    _quiet(server, chaos, "after the last fault")
    reasons = Counter(_retried(feeder).values())
    _quiet(server, chaos, "after the retries")
    found = {id: feeder.look(id) for id in feeder.made}
    states = Counter(video["state"] for video in found.values())
    print(f"\nseed {SEED}: {len(chaos.told)} faults, {dict(states)}", *reasons.items(), sep="\n")
    for id, video in found.items():
        frames = sources[feeder.made[id][1]]
        assert video["state"] == ("ready" if frames else "rejected"), video
        if frames:
            _check_frames(server, video, frames, folder)
    segments, repeated = _puts(server, chaos.store.stored)
    print(f"{segments} segments, {repeated} stored again")
    assert repeated <= segments * REPEATED, "work that was stored already was done again"


@contextlib.contextmanager
def _home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="matinee-chaos-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_fifty_faults_leave_nothing_in_between(moto: Store, clip_folder: Path, tmp_path: Path) -> None:
    sources = _sources(clip_folder)
    settings = {name: str(value) for name, value in moto.settings().items()}
    settings |= {"encode_quiet_s": "3", "encoder_threads": "1"}
    with (
        _home() as home,
        proxy(moto.address) as store,
        small_disk(home / "data" / "scratch") as disk,
        open_server(embedded=True, home=home, **settings | {"s3_endpoint": store.address}) as server,
    ):
        chaos = Chaos(server, store, disk, random.Random(SEED))
        feeder = Feeder([server.person() for _ in range(3)], list(sources), random.Random(SEED))
        try:
            _chaos(server, chaos, feeder)
            _after(server, chaos, feeder, sources, tmp_path)
        except BaseException:
            print(f"\nMATINEE_CHAOS_SEED={SEED}", *chaos.told, sep="\n")
            print(*server.log.read_text().splitlines()[-200:], sep="\n")
            raise
        finally:
            feeder.close()
