"""Leaving: one of everything that a person can own in every room, and no trace of it afterwards."""

import base64
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.features.videos.film import Film
from tests.support import factors, films
from tests.support.house import PASSWORD, House, Person
from tests.support.traces import every_file, every_value

from matinee.entrypoints import house as whole_house
from matinee.entrypoints import product
from matinee.features.accounts import service as accounts
from matinee.features.accounts.messages import AccountLeaving
from matinee.features.admission import service as admission
from matinee.features.admission.schemas import Admission
from matinee.features.roles import service as roles
from matinee.features.roles.schemas import NewRole
from matinee.infra.db import Base
from matinee.kernel.time import utc_now

# Stands in every word that the person writes, and nowhere else.
MARK = "zebrafinch"
HANDLE = f"{MARK}_1"


class Scene:
    """The house with the person who will leave and another who stays and has a video."""

    def __init__(self, house: House, leaver: Person, stayer: Person, films_at: Path) -> None:
        self.house = house
        self.leaver = leaver
        self.stayer = stayer
        self.films_at = films_at
        self.stayers_video = ""


async def in_accounts(scene: Scene) -> None:
    """A time of being limited, a look through their eyes, a session, one that was copied, a token, a device that waits
    and one that was approved, a link that the operator handed out, an app, a passkey and recovery codes, and half of a
    sign-in."""
    client, works = scene.leaver.client, scene.house.works
    async with works.open() as work:
        await accounts.restrict(work, scene.leaver.account_id, "limited", f"A {MARK}.", note=f"Ask {MARK}.")
        await accounts.lift(work, scene.leaver.account_id)
    address = f"/api/v1/admin/accounts/{scene.leaver.account_id}/look"
    looked = await scene.stayer.client.post(address, json={"reason": f"To see a {MARK}."})
    assert looked.status_code == 201, looked.text
    assert (await scene.stayer.client.delete("/api/v1/look")).status_code == 204
    async with works.open() as work:
        copied = (await accounts.open_session(work, scene.leaver.account_id)).refresh
    assert await accounts.renew(works, copied) is not None
    clock, works.clock = works.clock, lambda: utc_now() + timedelta(minutes=1)
    assert await accounts.renew(works, copied) is None
    works.clock = clock
    asked = {"login": scene.leaver.email, "password": PASSWORD, "name": f"{MARK} program"}
    assert (await client.post("/api/v1/tokens", json=asked)).status_code == 201
    begun = (await client.post("/api/v1/device", json={"client_name": f"{MARK} laptop"})).json()
    approved = await client.post(f"/api/v1/device/{begun['user_code']}/approve")
    assert approved.status_code == 204
    assert (await client.patch("/api/v1/me", json={"theme": "dark"})).status_code == 200
    async with scene.house.works.open() as work:
        await accounts.hand_out(work, scene.leaver.account_id, "verify")
    await factors.add_app(client, factors.Clock(scene.house))
    works.clock = clock
    added = await factors.add_passkey(client, factors.Device(), f"{MARK} phone")
    assert added.status_code == 201, added.text
    assert (await factors.sign_in(await scene.house.client(), scene.leaver)).status_code == 202


async def in_admission(scene: Scene) -> None:
    """An invitation of one's own, and that one came by somebody else's."""
    made = await scene.leaver.client.post("/api/v1/admin/invitations", json={"note": f"For a {MARK}"})
    assert made.status_code == 201, made.text
    other = (await scene.stayer.client.post("/api/v1/admin/invitations", json={})).json()["id"]
    async with scene.house.works.open() as work:
        came = Admission(how="invitation", invitation_id=UUID(other))
        await admission.settle(work, scene.leaver.account_id, came)
        await admission.revoke(work, UUID(other))


async def in_people(scene: Scene) -> None:
    """A profile with words in it, and a handle that was given up."""
    for handle in (f"{HANDLE}_new", HANDLE):
        changed = await scene.leaver.client.patch("/api/v1/me/profile", json={"handle": handle})
        assert changed.status_code == 200, changed.text
    words = {"display_name": f"The {MARK}", "bio": f"All about the {MARK}."}
    assert (await scene.leaver.client.patch("/api/v1/me/profile", json=words)).status_code == 200


async def in_files(scene: Scene) -> None:
    """An upload that never ended, with its first bytes; a piece of one; and a film that is fetched."""
    client = scene.leaver.client
    video = (await client.post("/api/v1/videos", json={"title": f"{MARK}, unfinished"})).json()
    metadata = {"filename": f"{MARK}.mp4", "purpose": "video", "subject": f"video:{video['id']}"}
    answer = await client.post(
        "/api/v1/uploads",
        headers={
            **films.TUS,
            "Upload-Length": "1000",
            "Upload-Metadata": ",".join(f"{key} {films.coded(value)}" for key, value in metadata.items()),
            "Content-Type": "application/offset+octet-stream",
        },
        content=MARK.encode() * 3,
    )
    assert answer.status_code == 201, answer.text
    piece = await client.post(
        "/api/v1/uploads",
        headers={**films.TUS, "Upload-Length": "10", "Upload-Concat": "partial"},
    )
    assert piece.status_code == 201, piece.text
    fetched = await client.post("/api/v1/imports", json={"url": f"https://films.invalid/{MARK}.mp4?{MARK}"})
    assert fetched.status_code == 201, fetched.text


async def in_privacy(scene: Scene) -> None:
    """A copy that can be fetched."""
    assert (await scene.leaver.client.post("/api/v1/me/copies", json={"films": True})).status_code == 202


async def in_videos(scene: Scene) -> None:
    """A video of one's own with an own picture, and a visit to the video of somebody else."""
    client = scene.leaver.client
    path = films.film(scene.films_at, seconds=2, audio=False)
    video = await films.upload(client, path, title=f"The {MARK} sings")
    edited = await client.patch(f"/api/v1/videos/{video['id']}", json={"description": f"A {MARK}."})
    assert edited.status_code == 200
    beat = {"position_s": 1, "watched_s": 1, "visit": str(uuid4())}
    for video_id in (video["id"], scene.stayers_video):
        assert (await client.post(f"/api/v1/videos/{video_id}/watch", json=beat)).status_code == 204


async def in_encoding(scene: Scene) -> None:
    """The encode of that video, and one that failed with its file's name in the log."""
    client = scene.leaver.client
    broken = scene.films_at / f"{MARK}.mp4"
    broken.write_bytes(films.film(scene.films_at, seconds=2, audio=False).read_bytes()[:700])
    await films.upload(client, broken, title=f"A broken {MARK}")
    await scene.house.run_jobs()


async def in_admin(scene: Scene) -> None:
    """Nothing is kept of who looks."""
    assert (await scene.leaver.client.get("/api/v1/admin/jobs")).status_code == 200


async def in_roles(scene: Scene) -> None:
    """One that is held; it is the house's, and stays."""
    async with scene.house.works.open() as work:
        await roles.make(work, NewRole(name="keeper", title="Keeper", permissions=[]))
        account = await accounts.get(work, scene.leaver.account_id)
        assert account is not None
        await roles.set_roles(work, account.id, [*account.roles, "keeper"])


FACTORIES: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "accounts": in_accounts,
    "admission": in_admission,
    "people": in_people,
    "privacy": in_privacy,
    "files": in_files,
    "roles": in_roles,
    "videos": in_videos,
    "encoding": in_encoding,
    "admin": in_admin,
}


PASSING = ("accounts_throttle", "accounts_cut")
OF_THE_HOUSE = ("roles_role", "accounts_factor_role", "admin_first_steps")
LOGGED = ("accounts_audit", "accounts_audit_head")


async def rows(house: House) -> Counter[str]:
    """How many rows each table of a room has; counters of tries and cuts of sessions name nobody and end soon, and
    the audit log stays, under pseudonyms, and so do roles."""
    found = Counter(table for table, _ in await every_value(house))
    rooms = tuple(f"{room.name}_" for room in product.ROOMS)
    return Counter(
        {t: n for t, n in found.items() if t.startswith(rooms) and t not in PASSING + LOGGED + OF_THE_HOUSE}
    )


def bytes_kept(house: House) -> set[str]:
    return {name for name, _ in every_file(house) if name.startswith("storage/")}


@pytest.fixture(scope="module")
def films_at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture
async def scene(house: House, films_at: Path) -> Scene:
    """The one who stays has a video that plays; the one who leaves is yet to come."""
    stayer = await house.person("owner", "creator", handle="stayer")
    stage = Scene(house, stayer, stayer, films_at)
    stage.stayers_video = str((await Film.playing(house, stayer, visibility="public")).id)
    beat = {"position_s": 1, "watched_s": 1, "visit": str(uuid4())}
    await stayer.client.post(f"/api/v1/videos/{stage.stayers_video}/watch", json=beat)
    await house.run_jobs()
    return stage


async def enter(scene: Scene) -> None:
    scene.leaver = await scene.house.person("viewer", "creator", "moderator", "admin", handle=HANDLE)
    for room in reversed(product.ROOMS):
        await FACTORIES[room.name](scene)
    await scene.house.run_jobs()


async def ask_to_leave(person: Person) -> None:
    answer = await person.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert answer.status_code == 202, answer.text


def traces_of(person: Person) -> list[str]:
    return [str(person.account_id), person.account_id.hex, person.email, MARK]


def every_room_left_something(before: Counter[str], after: Counter[str]) -> None:
    assert set(FACTORIES) == {room.name for room in product.ROOMS}
    grown = {table.split("_")[0] for table, number in after.items() if number > before[table]}
    with_tables = {name.split("_")[0] for name in Base.metadata.tables if name not in OF_THE_HOUSE} & set(
        FACTORIES
    )
    assert grown == with_tables, "a room without a factory, or with one that leaves nothing"
    for room in product.ROOMS:
        if room.name in with_tables:
            assert room.erase is not None
            assert room.told == () or room.export is not None
        assert room.retention.endswith(".")


async def test_who_leaves_leaves_no_trace(scene: Scene) -> None:
    house = scene.house
    before, files_before = await rows(house), bytes_kept(house)
    stayer_before = (await scene.stayer.client.get("/api/v1/me")).json()
    await enter(scene)
    every_room_left_something(before, await rows(house))
    leaver = scene.leaver
    values = await every_value(house)
    async with house.works.open() as work:
        found = await work.session.scalars(
            text("SELECT sha256 FROM files_blob WHERE owner_id = :id AND sha256 IS NOT NULL"),
            {"id": leaver.account_id},
        )
        hashes = list(found)
    assert hashes, "the factories leave what is looked for"
    for trace in (str(leaver.account_id), leaver.email, MARK):
        assert any(trace in value for _, value in values), "the factories leave what is looked for"
    assert bytes_kept(house) > files_before

    await ask_to_leave(leaver)
    await house.run_jobs()

    encoded = base64.b64encode(MARK.encode()).decode().rstrip("=")[:-1]
    for table, value in await every_value(house):
        for trace in (*traces_of(leaver), encoded, *hashes):
            assert trace not in value, (table, value)
    assert await rows(house) == before
    assert bytes_kept(house) == files_before
    for name, data in every_file(house):
        for trace in (*traces_of(leaver), encoded):
            assert trace not in name
            assert trace.encode() not in data, name
    guest = await house.client()
    assert (await guest.get(f"/api/v1/profiles/{HANDLE}")).status_code == 404
    assert (await scene.stayer.client.get("/api/v1/me")).json() == stayer_before
    assert (await guest.get(f"/api/v1/videos/{scene.stayers_video}")).status_code == 200
    again = await house.person(handle=HANDLE)  # the name and the address are free
    assert (await again.client.get("/api/v1/me/videos")).json()["items"] == []


class _Stopping:
    """A job whose worker is told to end once so many rooms are done."""

    id = 1
    attempt = 1
    attempts_left = 5

    def __init__(self, rooms: int) -> None:
        self.rooms = rooms

    def should_stop(self) -> bool:
        self.rooms -= 1
        return self.rooms <= 0


async def test_an_erasure_that_is_cut_off_goes_on_where_it_was(house: House, tmp_path: Path) -> None:
    await house.person("admin")
    leaver = await house.person("creator", handle=HANDLE)
    await in_files(Scene(house, leaver, leaver, tmp_path))
    await ask_to_leave(leaver)
    (begun,) = await house.waiting("house.begin")
    erasure_id = UUID(begun["message"]["erasure_id"])
    order = whole_house.EraseAccount(erasure_id=erasure_id)
    as_far_as_people = [room.name for room in product.ROOMS].index("people") + 1
    async with house.works.open(context=_Stopping(as_far_as_people)) as work:
        await whole_house.erase(work, order)
    assert (await (await house.client()).get(f"/api/v1/profiles/{HANDLE}")).status_code == 404
    async with house.works.open() as work:
        assert await accounts.get(work, leaver.account_id) is not None
    assert await house.waiting("house.erase")
    await house.run_jobs()
    async with house.works.open() as work:
        assert await accounts.get(work, leaver.account_id) is None
        # Delivered again after the end, both say nothing and change nothing.
        await whole_house.erase(work, order)
        await whole_house.begin(work, AccountLeaving(erasure_id=erasure_id))
    await house.run_jobs()


async def test_the_account_goes_last_and_waits_for_jobs_that_name_it(house: House) -> None:
    leaver = await house.person(handle=HANDLE)
    async with house.works.open() as work:
        await work.session.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES"
                " ('elsewhere', 'a.job', CAST(:args AS jsonb))"
            ),
            {"args": json.dumps({"owner_id": str(leaver.account_id)})},
        )
    await ask_to_leave(leaver)
    await house.run_jobs()
    async with house.works.open() as work:
        assert await accounts.get(work, leaver.account_id) is not None
        await work.session.execute(
            text("UPDATE procrastinate_jobs SET status = 'failed' WHERE queue_name = 'elsewhere'")
        )
        await work.session.execute(
            text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
        )
    await house.run_jobs()
    async with house.works.open() as work:
        assert await accounts.get(work, leaver.account_id) is None
    assert not [value for _, value in await every_value(house) if str(leaver.account_id) in value]
