"""Sessions in a real browser and over real processes: one device ends another."""

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.browser import MakeContext, axe
from tests.support.ports import free_port
from tests.support.server import OPERATOR_PASSWORD, Person, Server, until


@pytest.mark.browser
def test_a_device_is_signed_out_from_another(make_context: MakeContext, server: Server) -> None:
    ann = server.person()
    mine, lost = make_context().new_page(), make_context().new_page()
    for page in (mine, lost):
        page.goto(f"{server.address}/sign-in")
        page.get_by_label("E-mail or handle").fill(ann.handle)
        page.get_by_label("Password").fill(ann.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(re.compile("/$"))
    cookies = lost.context.cookies()  # a passkey that the field asked for a moment too late may be among them
    assert {cookie["name"].split("_")[3] for cookie in cookies} >= {"access", "refresh", "csrf"}
    assert all(cookie["secure"] for cookie in cookies)
    mine.goto(f"{server.address}/settings")
    part = mine.get_by_role("region", name="Where you are signed in")
    expect(part.get_by_text("this browser")).to_have_count(1)
    expect(part.get_by_role("listitem")).to_have_count(3)  # the one that made the account, too
    part.get_by_role("button", name="Sign out everywhere else").click()
    expect(part.get_by_role("listitem")).to_have_count(1)
    lost.goto(f"{server.address}/settings")
    expect(lost).to_have_url(re.compile("/sign-in"))
    mine.reload()
    expect(part.get_by_role("listitem")).to_have_count(1)


@pytest.mark.browser
def test_on_plain_http_from_elsewhere_the_page_says_what_to_do(
    make_context: MakeContext, server: Server
) -> None:
    page = make_context().new_page()
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    for path in ("sign-in", "sign-up"):
        page.goto(f"{server.address}/{path}")
        expect(page.get_by_role("heading", name="Signing in needs https")).to_be_visible()
        expect(page.get_by_label("Password")).to_have_count(0)
        assert axe(page) == []


@pytest.mark.browser
def test_a_browser_that_keeps_no_cookies_says_so_before_anybody_types(page: Page, server: Server) -> None:
    page.add_init_script("Object.defineProperty(document, 'cookie', {get: () => '', set: () => {} })")
    for address in ("sign-in", "sign-up"):
        page.goto(f"{server.address}/{address}")
        expect(page.get_by_role("heading", name="This browser keeps no sign-in here")).to_be_visible()
        expect(page.get_by_label("Password")).to_have_count(0)


def test_the_socket_of_a_session_closes_when_the_session_ends(server: Server) -> None:
    ann = server.person()
    cookies = {cookie["name"]: cookie["value"] for cookie in ann.browser_cookies()}
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    address = server.address.replace("http", "ws", 1) + "/api/v1/socket"
    with connect(address, additional_headers={"Cookie": header}, proxy=None) as socket:
        socket.send(json.dumps({"op": "subscribe", "topic": "my-videos"}))
        assert json.loads(socket.recv(timeout=10))["op"] == "subscribed"
        with ann.client() as program:
            assert program.delete("/api/v1/sessions").status_code == 204
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)
    with httpx.Client(base_url=server.address, headers={"Cookie": header}) as copy:
        until(lambda: copy.get("/api/v1/me").json()["account"] is None, "nobody is signed in", 5)


@pytest.mark.slow
@pytest.mark.parametrize("bus", ["postgres", "memory"])
def test_what_ends_at_one_api_process_ends_at_another_within_five_seconds(server: Server, bus: str) -> None:
    """With `memory` the second process hears nothing of the first, and reads again."""
    ann = server.person()
    with _at_a_second_process(server, ann, bus) as copy:
        with ann.client() as program:
            assert program.delete("/api/v1/sessions").status_code == 204
        until(lambda: copy.get("/api/v1/me").json()["account"] is None, "nobody is signed in", 5)


@pytest.mark.slow
def test_a_limit_at_one_api_process_counts_at_another_within_five_seconds(server: Server) -> None:
    """Which hears nothing of it, and holds an access token of before."""
    ann = server.person()
    boss = Person(server, "operator", "operator", OPERATOR_PASSWORD)
    cookies = {one["name"]: one["value"] for one in boss.browser_cookies()}
    csrf = next(value for name, value in cookies.items() if "csrf" in name)
    header = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "X-CSRF-Token": csrf}
    with (
        _at_a_second_process(server, ann, "memory") as copy,
        httpx.Client(base_url=server.address, headers=header) as operator,
    ):
        account = copy.get("/api/v1/me").json()["account"]["id"]
        form = {"kind": "limited", "reason": "Spam."}
        limited = operator.post(f"/api/v1/admin/accounts/{account}/restriction", json=form)
        assert limited.status_code == 200, limited.text
        film = {"title": "A film"}
        # An access token alone cannot be renewed: whoever holds a whole sign-in reads `accounts.limited`.
        until(lambda: copy.post("/api/v1/videos", json=film).status_code in (401, 403), "it is refused", 5)
        with ann.client() as program:
            assert program.post("/api/v1/videos", json=film).json()["code"] == "accounts.limited"


@contextlib.contextmanager
def _at_a_second_process(server: Server, person: Person, bus: str) -> Iterator[httpx.Client]:
    """A browser there, with an access token of the person and nothing to renew it by."""
    port, cookies = free_port(), person.browser_cookies()
    access, csrf = (next(c["value"] for c in cookies if kind in c["name"]) for kind in ("access", "csrf"))
    environment = server.environment | {"MATINEE_PORT": str(port), "MATINEE_BUS": bus}
    second = subprocess.Popen(
        [sys.executable, "-m", "matinee.entrypoints.api"], env=environment, cwd=server.data_dir.parent
    )
    try:
        held = {"Cookie": f"__Host-matinee_access_{port}={access}", "X-CSRF-Token": csrf}
        with httpx.Client(base_url=f"http://localhost:{port}", headers=held) as copy:
            until(lambda: second.poll() is not None or _answers(copy), "the second process answers")
            assert copy.get("/api/v1/me").json()["account"]["email"] == person.email
            yield copy
    finally:
        second.terminate()
        second.wait(30)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health/live").status_code == 200
    except httpx.TransportError:
        return False
