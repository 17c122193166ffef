"""A house that is backed up comes back whole, or not at all."""

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.support import database
from tests.support import films as f
from tests.support.house import House, Person, open_house, settled

from matinee.entrypoints.cli import archive, dump
from matinee.entrypoints.cli.archive import BadBackup
from matinee.entrypoints.cli.restoring import restore
from matinee.entrypoints.cli.saving import save
from matinee.entrypoints.parts import load_settings
from matinee.features.accounts import service as accounts
from matinee.infra import postgres, tally
from matinee.kernel.errors import Conflict, Invalid
from matinee.kernel.ids import new_id
from matinee.kernel.settings import Settings

Rows = dict[str, list[tuple[Any, ...]]]


def quiet(_: str) -> None:
    """Nobody reads the stages."""


def connect(url: str) -> "psycopg.Connection[Any]":
    return psycopg.connect("postgresql://" + url.partition("://")[2], autocommit=True)


def every_row(url: str) -> Rows:
    """All rows of all tables, each table sorted, values as text; not that this was backed up or restored, and not who
    is signed in."""
    with connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: sorted(
                row
                for row in connection.execute(f'SELECT t::text FROM "{name}" t').fetchall()
                if not (name == "accounts_audit" and ",backup." in row[0])
                and not (name == "infra_tally" and "accounts.audit" in row[0])
            )
            for (name,) in tables
            if name not in accounts.SESSION_TABLES
        }


def every_blob(data_dir: Path) -> dict[str, str]:
    """Hashes of all stored files, by key."""
    root = data_dir / "storage" / "blobs"
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


@dataclass(frozen=True, slots=True)
class Target:
    """A place for a house: an address of a database, and a data folder."""

    url: str
    data_dir: Path

    @property
    def settings(self) -> Settings:
        return load_settings(data_dir=self.data_dir, database_url=self.url)

    def is_untouched(self) -> bool:
        return not every_row(self.url) and not [
            p for p in self.data_dir.rglob("*") if p.is_file() and p.name != "up.lock"
        ]


@pytest.fixture
def target(empty_database_url: str, tmp_path: Path) -> Target:
    return Target(empty_database_url, tmp_path / "other data")


async def saved(house: House, path: Path, say: Callable[[str], None] = quiet) -> dict[str, Any]:
    return await asyncio.to_thread(save, house.settings, path, say=say)


async def restored(path: Path, target: Target, *, force: bool = False, **options: bool) -> dict[str, Any]:
    return await asyncio.to_thread(restore, target.settings, path, force=force, say=quiet, **options)


async def unfinished_upload(person: Person, film: Path) -> str:
    """Half of the bytes are there. Returns the upload's address."""
    made = await person.client.post("/api/v1/videos", json={"title": "Half"})
    subject = f.coded(f"video:{made.json()['id']}")
    metadata = f"filename {f.coded('half.mp4')},purpose {f.coded('video')},subject {subject}"
    data = film.read_bytes()
    created = await person.client.post(
        "/api/v1/uploads", headers={**f.TUS, "Upload-Length": str(len(data)), "Upload-Metadata": metadata}
    )
    sent = await person.client.patch(
        created.headers["location"],
        headers={**f.TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        content=data[: len(data) // 2],
    )
    assert sent.status_code == 204, sent.text
    return str(created.headers["location"])


@contextlib.asynccontextmanager
async def opened(target: Target) -> AsyncIterator[House]:
    async with open_house(target.url, target.data_dir) as house:
        yield house


async def signed_in(house: House, person: Person) -> httpx.AsyncClient:
    client = await house.client()
    answer = await client.post("/api/v1/session", json={"login": person.handle, "password": person.password})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = str(client.cookies["__Host-matinee_csrf"])
    return client


def film(tmp_path: Path) -> Path:
    return f.film(tmp_path, seconds=2, key_every_s=1)


async def test_a_restored_house_is_the_one_that_was_backed_up(
    house: House, database_url: str, target: Target, tmp_path: Path
) -> None:
    alice, bob = await house.person(), await house.person("viewer")
    public = await f.upload(alice.client, film(tmp_path))
    private = await f.upload(alice.client, film(tmp_path), visibility="private", title="Only mine: 'é\\n'")
    await house.run_jobs()
    signed = (await f.get(alice.client, private["id"]))["playback"]["hls"]
    upload = await unfinished_upload(alice, film(tmp_path))

    done = await saved(house, tmp_path / "a.tar")
    rows, blobs = every_row(database_url), every_blob(house.settings.house.data_dir)
    assert (done["blobs"], done["keys"], done["missing"]) == (len(blobs), 2, [])
    assert len(blobs) > 10
    assert (await restored(tmp_path / "a.tar", target))["rows"] == done["rows"]

    assert every_row(target.url) == rows
    assert every_blob(target.data_dir) == blobs
    key = target.data_dir / "media-key"
    assert key.read_bytes() == (house.settings.house.data_dir / "media-key").read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    async with opened(target) as second:
        guest = await second.client()
        video = await f.get(guest, public["id"])
        assert video["state"] == "ready"
        master = await f.master(guest, video)
        address = httpx.URL(video["playback"]["hls"]).join(master.playlists[0].uri)
        assert len(f.frames(await f.stream(guest, str(address)), tmp_path)) == 50
        assert (await guest.get(f"/api/v1/videos/{private['id']}")).status_code == 404
        assert (await guest.get(signed)).status_code == 200
        client = await signed_in(second, alice)
        assert (await f.get(client, private["id"]))["title"] == "Only mine: 'é\\n'"
        # Half-sent bytes are not kept: the upload begins again by itself.
        head = await client.head(upload, headers=f.TUS)
        assert head.headers["upload-offset"] == "0"
        await signed_in(second, bob)
        # New rows get new numbers.
        await second.run_jobs()
        async with second.works.open() as work:
            verdict = await accounts.verify_audit(work)
            acts = [entry.act for entry in (await accounts.audit_log(work, act="backup.")).items]
        assert (verdict.faults, verdict.notes, verdict.waiting) == ([], [], 0)
        assert acts == ["backup.restored", "backup.begun"]
        await f.upload(client, film(tmp_path))
    # And once more, as a folder.
    rows, blobs = every_row(target.url), every_blob(target.data_dir)
    await asyncio.to_thread(save, target.settings, tmp_path / "a folder", say=quiet)
    with database.fresh(migrated=False) as url:
        third = Target(url, tmp_path / "third")
        await restored(tmp_path / "a folder", third)
        assert every_row(url) == rows
        assert every_blob(third.data_dir) == blobs


async def test_a_restore_ends_every_session_and_tokens_where_that_is_wished(
    house: House, target: Target, tmp_path: Path
) -> None:
    ann = await house.person()
    program = await house.program(ann)
    await saved(house, tmp_path / "a")
    for end_tokens, status in ((False, 200), (True, 401)):
        await restored(tmp_path / "a", target, force=end_tokens, end_tokens=end_tokens)
        async with opened(target) as second:
            browser = await second.client()
            browser.cookies.update(ann.client.cookies)
            assert (await browser.get("/api/v1/me")).json()["account"] is None
            copy = await second.client(headers={"Authorization": program.headers["Authorization"]})
            assert (await copy.get("/api/v1/tokens")).status_code == status
            assert (await (await signed_in(second, ann)).get("/api/v1/me")).json()["account"] is not None


@pytest.fixture
async def small(house: House, tmp_path: Path) -> Path:
    """A folder with the backup of a house with one person and two stored files."""
    await house.person()
    await house.parts.storage.put_bytes("blobs/one", b"1" * 70_000)
    await house.parts.storage.put_bytes("trees/two/0.m4s", b"2" * 70_000)
    await saved(house, tmp_path / "small")
    return tmp_path / "small"


def as_tar(folder: Path) -> Path:
    path = folder.with_suffix(".tar")
    with tarfile.open(path, "w") as tar:
        for file in sorted(folder.rglob("*")):
            tar.add(file, file.relative_to(folder).as_posix(), recursive=False)
    return path


def resealed(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest as somebody would who can compute a hash."""
    path = folder / archive.MANIFEST
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    (folder / archive.SEAL).write_text(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {archive.MANIFEST}\n"
    )


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "blob": lambda folder: flip(folder / "storage" / "blobs" / "one", 40_000),
    "rows": lambda folder: flip(folder / "database" / "accounts_account.copy", 3),
    "manifest": lambda folder: flip(folder / archive.MANIFEST, 200),
    "no manifest": lambda folder: (folder / archive.MANIFEST).unlink(),
    "no seal": lambda folder: (folder / archive.SEAL).unlink(),
    "no blob": lambda folder: (folder / "storage" / "blobs" / "one").unlink(),
    "short blob": lambda folder: os.truncate(folder / "storage" / "trees" / "two" / "0.m4s", 69_999),
    "form": lambda folder: resealed(folder, lambda data: data.update(format=99)),
    "revision": lambda folder: resealed(folder, lambda data: data.update(revision="9999")),
    "way out": lambda folder: resealed(folder, lambda data: data["files"].update({"keys/../../x": {}})),
    "no tables": lambda folder: resealed(folder, lambda data: data.pop("tables")),
}


async def test_a_damaged_backup_is_refused_before_anything_is_touched(
    small: Path, target: Target, tmp_path: Path
) -> None:
    for name, damage in DAMAGES.items():
        copy = tmp_path / name
        shutil.copytree(small, copy)
        damage(copy)
        for path in (copy, as_tar(copy)):
            with pytest.raises(BadBackup):
                await restored(path, target)
    with pytest.raises(BadBackup, match="There is no backup"):
        await restored(tmp_path / "nothing.tar", target)
    assert target.is_untouched()


async def test_a_tar_that_was_cut_off_is_refused(house: House, target: Target, tmp_path: Path) -> None:
    await house.person()
    path = tmp_path / "cut.tar"
    await saved(house, path)
    length = len(path.read_bytes().rstrip(b"\0"))
    for share in (0.99, 0.7, 0.4, 0.1, 0.0):
        os.truncate(path, int(length * share))
        with pytest.raises(BadBackup):
            await restored(path, target)
    assert target.is_untouched()


async def test_a_house_that_holds_something_is_replaced_only_by_force(
    small: Path, house: House, database_url: str, target: Target
) -> None:
    await restored(small, target)
    async with opened(target) as second:
        await second.person(handle="newcomer")
        await second.parts.storage.put_bytes("blobs/three", b"3")
    (target.data_dir / "media-key").write_text("another key of the second house")
    (target.data_dir / "audit").mkdir(exist_ok=True)  # where the log of the second house ended
    before = every_row(target.url), every_blob(target.data_dir)
    with pytest.raises(Conflict, match=r"not empty.*accounts_account.*stored files.*media-key.*--force"):
        await restored(small, target)
    assert (every_row(target.url), every_blob(target.data_dir)) == before

    await restored(small, target, force=True)
    assert every_row(target.url) == every_row(database_url)
    assert every_blob(target.data_dir) == every_blob(house.settings.house.data_dir)
    assert not (target.data_dir / "media-key").exists()
    assert not (target.data_dir / "audit").exists()
    assert not (target.data_dir / "restore-unfinished").exists()


async def test_a_house_is_replaced_in_whatever_order_its_catalogue_is_read(
    small: Path, database_url: str, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    await restored(small, target)
    ordered = (
        f"SELECT words FROM ({dump._DROPS}) drops (words) ORDER BY words"  # sequences before their tables
    )
    monkeypatch.setattr(dump, "_DROPS", ordered)
    await restored(small, target, force=True)
    assert every_row(target.url) == every_row(database_url)


@pytest.mark.parametrize("force", [False, True])
async def test_what_fails_half_way_leaves_the_house_as_it_was(
    small: Path, target: Target, force: bool
) -> None:
    if force:
        await restored(small, target)
        (target.data_dir / "media-key").write_text("the key of this house")
        with connect(target.url) as connection:
            connection.execute("UPDATE people_profile SET bio = 'changed since'")
    resealed(small, lambda data: data["tables"]["people_profile"].update(rows=2))
    (small / "storage" / "blobs" / "four").write_bytes(b"4")
    kept = {"size_bytes": 1, "sha256": hashlib.sha256(b"4").hexdigest()}
    resealed(small, lambda data: data["files"].update({"storage/blobs/four": kept}))
    before = every_row(target.url), every_blob(target.data_dir)
    with pytest.raises(BadBackup, match="people_profile came to 1 rows, and the backup says 2"):
        await restored(small, target, force=force)
    assert (every_row(target.url), every_blob(target.data_dir)) == before
    assert (target.data_dir / "media-key").exists() is force
    assert not (target.data_dir / "restore-unfinished").exists()


@contextlib.contextmanager
def running(data_dir: Path) -> Iterator[None]:
    """Somebody holds the data folder as `matinee up` does."""
    data_dir.mkdir(exist_ok=True)
    with (data_dir / "up.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def test_a_running_house_is_not_restored_into(small: Path, target: Target) -> None:
    with running(target.data_dir), pytest.raises(Conflict, match="stop it first"):
        await restored(small, target)
    with connect(target.url), pytest.raises(Conflict, match="in use by 1 other connection"):
        await restored(small, target)
    assert target.is_untouched()


async def test_a_running_house_is_backed_up(house: House, tmp_path: Path) -> None:
    with running(house.settings.house.data_dir):
        assert (await saved(house, tmp_path / "b.tar"))["verified"] is True


async def test_what_the_house_deletes_meanwhile_is_noted(
    house: House, target: Target, tmp_path: Path
) -> None:
    for key in ("blobs/kept", "blobs/gone"):
        await house.parts.storage.put_bytes(key, b"bytes")
    blobs = house.settings.house.data_dir / "storage" / "blobs" / "blobs"

    def meanwhile(stage: str) -> None:
        if "stored files" in stage:
            (blobs / "gone").unlink()

    done = await saved(house, tmp_path / "b", say=meanwhile)
    assert (done["missing"], done["blobs"]) == (["blobs/gone"], 1)
    assert (await restored(tmp_path / "b", target))["missing"] == ["blobs/gone"]
    assert list(every_blob(target.data_dir)) == ["blobs/kept"]


async def test_an_older_backup_is_brought_to_the_newest_revision(
    empty_database_url: str, house: House, tmp_path: Path
) -> None:
    await asyncio.to_thread(database.migrate, empty_database_url, "0004")
    old = Target(empty_database_url, tmp_path / "old")
    old.data_dir.mkdir()
    account = new_id()
    with connect(old.url) as connection:
        connection.execute("INSERT INTO files_quota (owner_id, limit_bytes) VALUES (%s, 7)", [account])
    done = await asyncio.to_thread(save, old.settings, tmp_path / "b", say=quiet)
    assert done["revision"] == "0004"
    with database.fresh(migrated=False) as url:
        put_back = await restored(tmp_path / "b", Target(url, tmp_path / "new"))
        assert put_back["revision"] > "0004"
        rows = every_row(url)
        assert rows["files_quota"] == [(f"({account},7)",)]
        assert rows["videos_video"] == []
        assert {name: len(r) for name, r in rows.items() if r} == {"files_quota": 1, "alembic_version": 1}


async def test_happenings_are_counted_after_a_move_to_a_younger_server(
    house: House, target: Target, tmp_path: Path, database_url: str
) -> None:
    subject = new_id()
    add = "INSERT INTO infra_tally (xid, kind, subject_id, data) VALUES (%s::text::xid8, 'test.seen', %s, %s)"
    with connect(database_url) as connection:
        for xid, number in (("900000000000", 1), ("900000000007", 2), ("900000000009", 3)):
            connection.execute(add, [xid, subject, json.dumps({"n": number})])
        connection.execute(
            "INSERT INTO infra_tally_cursor SELECT 'ear', kind, xid, id FROM infra_tally WHERE data->>'n' = '1'"
        )
    await saved(house, tmp_path / "b")
    await restored(tmp_path / "b", target)
    with connect(target.url) as connection:
        connection.execute(
            "INSERT INTO infra_tally (kind, subject_id, data) VALUES ('test.seen', %s, %s)",
            [subject, json.dumps({"n": 4})],
        )
    async with opened(target) as second:
        await settled(second.works)
        async with second.works.open() as work:
            heard = await tally.take(work.session, "ear", "test.seen", 10)
    assert [row.data["n"] for row in heard] == [2, 3, 4]


def counted(backup: Path) -> dict[str, int]:
    """The rows of each of its tables; not what says that it was made or restored, and not who was signed in."""
    noted = (*accounts.SESSION_TABLES, "accounts_audit", "accounts_audit_head", "infra_tally")
    with archive.opened(backup) as reader:
        return {name: table["rows"] for name, table in reader.manifest.tables.items() if name not in noted}


async def command(*arguments: str, data_dir: Path) -> tuple[int, dict[str, Any]]:
    """`matinee …` over the embedded server of `data_dir`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "matinee.entrypoints.cli.main", *arguments, "--json"),
        cwd=data_dir.parent,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "MATINEE_DATA_DIR": str(data_dir),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert not err, err.decode()
    return process.returncode or 0, json.loads(out)


@pytest.mark.slow
async def test_the_command_restores_into_a_server_of_its_own_and_stops_it(
    small: Path, tmp_path: Path
) -> None:
    data_dir = database.home() / tmp_path.name / "embedded"
    data_dir.parent.mkdir(mode=0o755)
    code, done = await command("restore", str(small), data_dir=data_dir)
    assert (code, done["blobs"]) == (0, 2), done
    assert postgres.running_url(data_dir) is None
    code, again = await command("backup", str(tmp_path / "again.tar"), data_dir=data_dir)
    assert (code, again["blobs"]) == (0, 2), again
    assert counted(tmp_path / "again.tar") == counted(small)
    assert postgres.running_url(data_dir) is None
    assert (tmp_path / "again.tar").stat().st_mode & 0o777 == 0o600


async def test_the_command_says_what_it_refuses(tmp_path: Path) -> None:
    code, refused = await command("restore", str(tmp_path / "nothing"), data_dir=tmp_path / "data")
    assert (code, refused["error"]) == (1, "backup.damaged")
    assert "There is no backup" in refused["detail"]


async def test_a_place_that_does_not_fit_is_refused(house: House, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    data_dir = house.settings.house.data_dir
    (tmp_path / "data by another name").symlink_to(data_dir)
    for path, refusal in (
        (tmp_path / "full", Conflict),
        (tmp_path / "b.tar.gz", Invalid),
        (tmp_path / "nowhere" / "b", Invalid),
        (data_dir / "storage" / "b", Invalid),
        (data_dir / "b.tar", Invalid),
        (tmp_path / "data by another name" / "b.tar", Invalid),
    ):
        with pytest.raises(refusal):
            await saved(house, path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "data by another name", "full"]
    with pytest.raises(Invalid, match="lies inside the house itself, and would be lost together with it"):
        await saved(house, data_dir / "b.tar")
    empty = load_settings(data_dir=tmp_path / "none", database_url="postgresql://nobody@127.0.0.1:1/x")
    with pytest.raises(Invalid, match="nothing to back up"):
        await asyncio.to_thread(save, empty, tmp_path / "b", say=quiet)
