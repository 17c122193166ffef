"""A house that no setting tells of others speaks to nobody but its own database: nothing in it calls home."""

import ipaddress
import os
import socket
from typing import Any

import psutil
import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.videos.film import Film
from tests.support.house import PASSWORD, House

from matinee.entrypoints.parts import ROOMS

FORM = {"email": "bob@example.org", "password": PASSWORD, "handle": "bob", "display_name": "Bob"}


def _is_here(host: Any) -> bool:
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return host in ("localhost", "", None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hosts beyond this machine that somebody in this process looked up or tried to reach; nobody is reached."""
    found: list[str] = []

    def watched(owner: Any, name: str, place: int) -> None:
        real = getattr(owner, name)

        def guarded(*arguments: Any, **named: Any) -> Any:
            whom = arguments[place] if len(arguments) > place else named.get("host")
            host = whom[0] if isinstance(whom, tuple) else whom
            host = host.decode() if isinstance(host, bytes) else host
            local = owner is socket.socket and arguments[0].family == socket.AF_UNIX
            if local or _is_here(host):
                return real(*arguments, **named)
            found.append(str(host))
            raise OSError(f"{host} is not here")

        monkeypatch.setattr(owner, name, guarded)

    for name in ("connect", "connect_ex"):
        watched(socket.socket, name, 1)
    watched(socket.socket, "sendto", -1)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
        watched(socket, name, 0)
    return found


def _lines_out() -> list[str]:
    """What this process is connected to beyond this machine, also by libraries that are no Python."""
    return [
        line.raddr.ip
        for line in psutil.Process(os.getpid()).net_connections("inet")
        if line.raddr and not _is_here(line.raddr.ip)
    ]


async def _a_day(house: House) -> None:
    """People come, sign in, choose passwords, put a film in; the clock orders everything once."""
    browser = await house.client()
    joined = await browser.post("/api/v1/accounts", json=FORM)
    assert joined.is_success, joined.text
    for password, status in (("not the password", 401), (PASSWORD, 200)):
        login = {"login": "bob", "password": password}
        assert (await (await house.client()).post("/api/v1/session", json=login)).status_code == status
    ann = await house.person(handle="ann")
    change = {"current": PASSWORD, "new": "a secret that nobody has"}
    assert (await ann.client.post("/api/v1/me/password", json=change)).status_code == 204
    await ann.client.post("/api/v1/password-resets", json={"login": "ann"})
    film = await Film.made(house, ann, visibility="public")
    for path in (f"/watch/{film.id}", f"/api/v1/videos/{film.id}", "/@ann", "/health/ready", "/metrics"):
        assert (await browser.get(path)).status_code < 500, path
    async with house.works.open() as work:
        for room in ROOMS:
            for periodic in room.periodic:
                work.send(periodic.order())
    await house.run_jobs()
    for room in ROOMS:
        if room.upkeep is not None:
            await room.upkeep(house.works)
    async with house.works.open() as work:
        ends = await work.session.execute(text("SELECT task_name, status::text FROM procrastinate_jobs"))
        done = {row.task_name: row.status for row in ends}
    assert len(done) >= len([order for room in ROOMS for order in room.periodic])
    assert {*done.values()} == {"succeeded"}, done


async def test_a_house_that_was_told_of_nobody_calls_nobody(make_house: MakeHouse, asked: list[str]) -> None:
    await _a_day(await make_house())
    assert asked == []
    assert _lines_out() == []


async def test_who_is_told_of_a_service_asks_it_and_is_noticed_here(
    make_house: MakeHouse, asked: list[str]
) -> None:
    await _a_day(await make_house(breaches_url="https://ranges.example"))
    assert {*asked} == {"ranges.example"}
