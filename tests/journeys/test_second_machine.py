"""The guide "A second machine that encodes", followed word for word; only its addresses are those of this test."""

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.journeys import clips, programs
from tests.support.apart import machines
from tests.support.server import PASSWORD, ROOT, until
from tests.support.stores import ACCESS_KEY, SECRET_KEY, Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MEDIA_KEY = "the same key on every machine of it"


def _blocks(**places: str) -> list[str]:
    guide = (ROOT / "docs" / "guides" / "second-machine.md").read_text()
    for word, place in places.items():
        assert guide.count(word) == 1, word
        guide = guide.replace(word, place)
    return re.findall(r"^```\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)


def test_who_follows_the_guide_has_a_second_machine(nanio: Store, clip_folder: Path, tmp_path: Path) -> None:
    store = nanio.settings()
    place = nanio.address.replace("http://", f"s3+http://{ACCESS_KEY}:{SECRET_KEY}@", 1)
    line = f"{place}/{store['s3_bucket']}/{store['s3_prefix']}"
    with machines(storage=line, media_key=MEDIA_KEY) as house:
        front = house.machine()
        house.wait(front.start("api"), front)
        front.start("worker", "--lane", "io")
        install, settings, look, work = _blocks(
            **{
                "https://git.example/matinee.git": shlex.quote(str(ROOT)),
                "postgresql://matinee:PASSWORD@db.example/matinee?sslmode=verify-full&sslrootcert=system": (
                    front.environment["MATINEE_DATABASE_URL"]
                ),
                "s3+https://KEY:SECRET@store.example/films": line,
                "MATINEE_MEDIA_KEY=MEDIA-KEY": f"MATINEE_MEDIA_KEY={MEDIA_KEY}",
            }
        )
        home = tmp_path / "second"
        home.mkdir()
        unset = ("MATINEE_", "PYTHON", "COV", "VIRTUAL_ENV")
        environment = {n: v for n, v in os.environ.items() if not n.startswith(unset)}

        def follow(block: str, folder: Path) -> str:
            done = subprocess.run(
                ["bash", "-ec", block],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        follow(install, home)
        folder = home / "matinee"
        follow(settings, folder)
        assert (folder / ".env").stat().st_mode & 0o777 == 0o600
        assert "FAIL" not in follow(look, folder)
        second = subprocess.Popen(["bash", "-c", f"exec {work}"], cwd=folder, env=environment)
        try:
            with httpx.Client(base_url=house.address, timeout=30) as client:
                person = {
                    "email": "p@example.org", "password": PASSWORD, "handle": "someone", "display_name": "P",
                }  # fmt: skip
                assert client.post("/api/v1/accounts", json=person).status_code == 201
                client.cookies.clear()
                said = {"login": "p@example.org", "password": PASSWORD, "name": "a journey"}
                token = client.post("/api/v1/tokens", json=said).json()["token"]
                client.headers["Authorization"] = f"Bearer {token}"
                id = programs.upload(client, clips.small_bunny_h264(clip_folder, seconds=12))
                programs.reaches(client, id, "ready", timeout_s=150)
            with psycopg.connect(front.environment["MATINEE_DATABASE_URL"].replace("+psycopg", "")) as rows:
                asked = rows.execute("SELECT lane, worker FROM encoding_step WHERE state = 'done'").fetchall()
            by_second = {lane for lane, worker in asked if worker.endswith(f"-{second.pid}")}
            assert by_second == {"long"}, "it encodes, and leaves the rest to the first"
            second.send_signal(signal.SIGINT)
            until(lambda: second.poll() is not None, "Ctrl-C ends it", 30)
        finally:
            second.kill()
            second.wait()
