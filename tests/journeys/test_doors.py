"""Who gets in where: private and unlisted films, signing out and in, deleting, operators, and devices."""

import re
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts, clips, programs
from tests.support.browser import MakeContext
from tests.support.server import OPERATOR_PASSWORD, Person, Server, until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def owner(server: Server) -> Person:
    return server.person()


@pytest.fixture(scope="module")
def film(server: Server, owner: Person, clip_folder: Path) -> str:
    """A private film that plays."""
    with owner.client() as client:
        id = programs.upload(
            client, clips.small_bunny_h264(clip_folder, seconds=6), visibility="private", title="Only for me"
        )
        programs.reaches(client, id, "ready")
    return id


def test_a_stranger_finds_no_film_until_its_maker_gives_the_link(
    make_context: MakeContext, server: Server, owner: Person, film: str
) -> None:
    mine, stranger = make_context().new_page(), make_context().new_page()
    mine.context.add_cookies(owner.browser_cookies())
    mine.goto(f"{server.address}/watch/{film}")
    acts.plays(mine)
    expect(mine).to_have_title(re.compile("Only for me"))
    media = acts.video(mine, film)["playback"]["hls"]

    answer = stranger.goto(f"{server.address}/watch/{film}")
    assert answer is not None
    assert answer.status == 404
    expect(stranger.get_by_role("heading", name="There is no film at this address")).to_be_visible()
    assert "Only for me" not in stranger.content()
    assert (
        httpx.get(urljoin(server.address, re.sub(r"(/media/[^/]+)/[^/]+/", r"\1/open/", media))).status_code
        == 404
    )

    mine.goto(f"{server.address}/videos/{film}")
    mine.get_by_role("radio", name=re.compile("link", re.IGNORECASE)).click(force=True)
    until(lambda: acts.video(mine, film)["visibility"] == "unlisted", "the change is kept")
    answer = stranger.goto(f"{server.address}/watch/{film}")
    assert answer is not None
    assert answer.status == 200
    acts.plays(stranger)
    stranger.goto(server.address)
    expect(stranger.get_by_role("main")).to_be_visible()
    with server.client() as guest:
        listed = guest.get("/api/v1/videos", params={"limit": 100}).json()["items"]
    assert film not in {card["id"] for card in listed}

    stranger.goto(f"{server.address}/watch/{film}")
    acts.plays(stranger)
    mine.get_by_role("radio", name="Only me").click(force=True)
    expect(stranger.get_by_role("heading", name="There is no film at this address")).to_be_visible()
    expect(stranger.locator("video")).to_have_count(0)


# Where films were left, here and in this tab, and files on their way: as the client keeps them.
_OPEN = """const db = await new Promise((done) => {
  const asked = indexedDB.open("matinee", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("files", { keyPath: "uploadId" });
  asked.onsuccess = () => done(asked.result);
});"""
_REMEMBER = f"""async () => {{
  localStorage.setItem("matinee.places", '{{"a film": 12}}');
  sessionStorage.setItem("matinee.here", '["a film", 12]');
  {_OPEN}
  const writing = db.transaction("files", "readwrite");
  writing.objectStore("files").put({{ uploadId: "1", name: "holiday.mp4" }});
  await new Promise((done) => {{ writing.oncomplete = done; }});
  db.close();
}}"""
_REMEMBERED = f"""async () => {{
  {_OPEN}
  const kept = db.transaction("files").objectStore("files").count();
  await new Promise((done) => {{ kept.onsuccess = done; }});
  db.close();
  return [localStorage.getItem("matinee.places"), sessionStorage.getItem("matinee.here"), kept.result];
}}"""


def test_a_person_signs_out_and_in_again(page: Page, server: Server) -> None:
    handle = acts.sign_up(page, server)
    page.evaluate(_REMEMBER)
    page.get_by_role("button", name=re.compile("You:")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    until(lambda: page.evaluate(_REMEMBERED) == [None, None, 0], "the browser has forgotten the person")
    page.goto(f"{server.address}/videos")
    page.wait_for_url("**/sign-in?next=*")
    page.get_by_label("E-mail or handle").fill(handle)
    page.get_by_label("Password").fill("not the password at all")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    password = page.get_by_label("Password")
    password.fill("a long enough test password")
    page.get_by_role("button", name="Show what is typed").click()
    expect(password).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide what is typed").click()
    expect(password).to_have_attribute("type", "password")
    expect(password).to_have_value("a long enough test password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{server.address}/videos")
    expect(page.get_by_role("heading", name="Videos")).to_be_visible()


@pytest.mark.slow
def test_a_deleted_film_is_gone_with_its_bytes(
    page: Page, server: Server, owner: Person, clip_folder: Path
) -> None:
    with owner.client() as client:
        id = programs.upload(client, clips.small_bunny_h264(clip_folder, seconds=5), title="Soon gone")
        playback = programs.reaches(client, id, "ready")["playback"]
        used = client.get("/api/v1/me/storage").json()["used_bytes"]
        page.context.add_cookies(owner.browser_cookies())
        page.goto(f"{server.address}/videos/{id}")
        page.get_by_role("button", name="Delete this film").click()
        page.get_by_role("button", name="Delete the film").click()
        page.wait_for_url(f"{server.address}/videos")
        expect(page.locator(f"tr[data-video='{id}']")).to_have_count(0)
        assert client.get(f"/api/v1/videos/{id}").status_code == 404
        assert client.get(playback["hls"]).status_code == 404
        assert client.get("/api/v1/me/storage").json()["used_bytes"] < used


def test_an_operator_sees_the_jobs_and_nobody_else_does(page: Page, server: Server, film: str) -> None:
    acts.sign_in(page, server, "operator", OPERATOR_PASSWORD)
    page.goto(f"{server.address}/run/jobs")
    rows = page.get_by_test_id("jobs").locator("tr[data-job]")
    expect(rows.first).to_be_visible()
    expect(rows.filter(has_text=film[-6:]).first).to_be_visible()
    page.goto(f"{server.address}/run")
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    page.context.clear_cookies()
    acts.sign_up(page, server)
    page.goto(f"{server.address}/run/jobs")
    expect(page.get_by_role("heading", name="Jobs is not open to you")).to_be_visible()


@pytest.mark.slow
def test_a_command_on_another_machine_is_let_in_by_the_page(
    page: Page, server: Server, tmp_path: Path
) -> None:
    handle = acts.sign_up(page, server)
    with server.command(
        "login", server.address, HOME=str(tmp_path), MATINEE_DATA_DIR=str(tmp_path / "none")
    ) as command:
        assert command.stdout is not None
        line = command.stdout.readline()
        code = re.search(r"http://\S+", line)
        assert code is not None, line
        page.goto(code[0])
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_role("heading", name="The device is allowed")).to_be_visible()
        out, err = command.communicate(timeout=60)
        assert command.returncode == 0, err
    assert "Signed in" in out
    page.goto(f"{server.address}/settings")
    expect(page.get_by_text(re.compile("matinee command on")).first).to_be_visible()
    kept = next(tmp_path.rglob("tokens.json")).read_text()
    token = re.search(r"mat_[\w-]+", kept)
    assert token is not None
    with server.client(token[0]) as client:
        assert client.get("/api/v1/me").json()["profile"]["handle"] == handle
