"""The command itself: what it prints, what it refuses, and that its reference is current."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.infra.mail import office

from matinee.entrypoints.cli import settings_reference
from matinee.entrypoints.cli.client import origin
from matinee.kernel.errors import Invalid

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


async def matinee(
    *arguments: str, home: Path, heard: asyncio.Queue[str] | None = None, **settings: str
) -> Ended:
    """Runs `matinee …` as a program of its own, with an empty home. `heard` gets each line as it is printed."""
    home.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "MATINEE_DATA_DIR": str(home / "data"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "matinee.entrypoints.cli.main",
        *arguments,
        cwd=home,
        env=environment | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        out, err, _ = await asyncio.gather(
            _lines_of(process.stdout, heard), process.stderr.read(), process.wait()
        )
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def _lines_of(stream: asyncio.StreamReader, heard: asyncio.Queue[str] | None) -> bytes:
    lines = []
    async for line in stream:
        lines.append(line)
        if heard is not None:
            heard.put_nowait(line.decode())
    return b"".join(lines)


async def test_a_failure_that_was_foreseen_is_one_sentence(tmp_path: Path) -> None:
    no_database, no_video, wrong, away = await asyncio.gather(
        matinee("jobs", "ls", home=tmp_path / "a"),
        matinee("encode", "show", "nonsense", home=tmp_path / "d"),
        matinee("migrate", home=tmp_path / "b", MATINEE_PORT="a secret"),
        matinee("jobs", "ls", home=tmp_path / "c", MATINEE_DATABASE_URL="postgresql://u:hush@127.0.0.1:1/x"),
    )
    for ended in (no_database, no_video, wrong, away):
        assert ended.code == 1
        assert "Traceback" not in ended.err
        assert len(ended.err.strip().splitlines()) == 1, ended.err
    assert "matinee up" in no_database.err
    assert "no video" in no_video.err
    assert wrong.err.startswith("MATINEE_PORT: ")
    assert "secret" not in wrong.err
    assert "hush" not in away.err


async def test_the_version_is_said(tmp_path: Path) -> None:
    assert (await matinee("version", home=tmp_path)).out.startswith("Matinee ")


async def test_settings_are_shown_without_their_secrets(tmp_path: Path) -> None:
    shown = await matinee("settings", home=tmp_path, MATINEE_ADMIN_PASSWORD="hush", MATINEE_PORT="8123")
    assert "MATINEE_PORT=8123" in shown.out
    assert "MATINEE_ADMIN_PASSWORD=••••" in shown.out
    assert "hush" not in shown.out


def test_the_reference_of_settings_is_current() -> None:
    kept = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert kept == settings_reference.markdown(), (
        "run: matinee settings --markdown > docs/reference/settings.md"
    )


def test_every_setting_is_explained_and_named_once() -> None:
    seen: set[str] = set()
    for concern in settings_reference.concerns():
        for name, field in concern.model_fields.items():
            assert field.description, name
            assert name not in seen
            seen.add(name)
            secret = any(word in name for word in ("password", "token", "key", "database_url"))
            if secret and not name.endswith("_days"):
                assert field.annotation == SecretStr | None, f"{name} holds a secret"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("films.example", "https://films.example"),
        ("HTTP://LocalHost:8000/watch/1", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_of_a_server_is_read_as_people_write_it(given: str, meant: str) -> None:
    assert origin(given) == meant


@pytest.mark.parametrize("given", ["ftp://films.example", "http://", "http://x:99999", "http://x:y"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        origin(given)


async def test_one_letter_shows_whether_mail_leaves(tmp_path: Path) -> None:
    async with office.opened() as post:
        line: dict[str, Any] = {
            "MATINEE_MAIL": f"smtp://127.0.0.1:{post.port}",
            "MATINEE_MAIL_FROM": "post@films.example",
        }
        sent, none, refused = await asyncio.gather(
            matinee("mail", "test", "ada@example.org", home=tmp_path / "a", **line),
            matinee("mail", "test", "ada@example.org", home=tmp_path / "b"),
            matinee("mail", "test", "ada", home=tmp_path / "c", **line),
        )
    assert sent.code == 0, sent.err
    assert f"127.0.0.1:{post.port} without TLS" in sent.out
    assert [letter["To"] for letter in post.letters] == ["ada@example.org"]
    assert (none.code, "set MATINEE_MAIL" in none.err) == (1, True)
    assert (refused.code, "no address" in refused.err) == (1, True)
