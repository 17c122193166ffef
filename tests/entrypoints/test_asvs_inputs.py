"""What strangers put into requests: other kinds of bodies, fields that are not theirs, names that are paths."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import MakeHouse
from tests.features.videos.film import Film
from tests.support.house import PASSWORD, House

FORM = {"email": "b@example.org", "password": PASSWORD, "handle": "bob", "display_name": "Bob"}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None]
)
async def test_a_body_that_is_not_called_json_is_refused_and_does_nothing(
    house: House, kind: str | None
) -> None:
    """Other kinds are what a form of another site may send without asking."""
    await house.person(handle="ann")
    client = await house.client()
    login = {"login": "ann", "password": PASSWORD}
    headers = {} if kind is None else {"Content-Type": kind}
    for path, form in (("session", login), ("accounts", FORM)):
        answer = await client.post(f"/api/v1/{path}", content=json.dumps(form), headers=headers)
        assert answer.status_code == 415, (path, answer.text)
        assert answer.json()["code"] == "house.unsupported_media_type"
        assert "application/json" in answer.json()["detail"]
        assert "set-cookie" not in answer.headers


async def test_fields_that_are_not_asked_for_change_nothing(house: House) -> None:
    ann = await house.person(handle="ann")
    stranger = await house.client()
    more: dict[str, Any] = {
        "roles": ["admin"], "id": str(ann.account_id), "account_id": str(ann.account_id), "email_verified": True,
        "suspended_at": None, "permissions": ["admin.operate"],
    }  # fmt: skip
    joined = (await stranger.post("/api/v1/accounts", json=FORM | more)).json()["account"]
    assert joined["id"] != str(ann.account_id)
    assert (joined["roles"], joined["email_verified"]) == (["viewer", "creator"], False)
    changed = await ann.client.patch("/api/v1/me", json={"theme": "dark"} | more)
    assert changed.json()["account"]["roles"] == ["creator"]
    assert (await ann.client.get("/api/v1/admin/overview")).status_code == 403


async def test_a_value_counts_from_its_own_place_alone(house: House) -> None:
    """A field of a body is not read from the query, nor a value of the query from the body or a cookie."""
    ann = await house.person()
    elsewhere = await ann.client.patch("/api/v1/me?theme=dark", json={})
    assert (await ann.client.get("/api/v1/me")).json()["theme"] == "system", elsewhere.text
    ann.client.cookies.set("limit", "none", domain="localhost.local")
    assert (await ann.client.get("/api/v1/me/videos")).status_code == 200
    assert (await ann.client.get("/api/v1/me/videos?limit=1&limit=none")).status_code == 422


async def test_a_token_in_an_address_opens_nothing(house: House) -> None:
    ann = await house.person()
    program = await house.program(ann)
    token = program.headers["Authorization"].removeprefix("Bearer ")
    guest = await house.client()
    for name in ("token", "access_token", "authorization", "bearer", "key"):
        for value in (token, f"Bearer {token}", ann.client.cookies["__Host-matinee_access"]):
            me = await guest.get("/api/v1/me", params={name: value})
            assert me.json()["account"] is None, name
    assert (await program.get("/api/v1/me")).json()["account"] is not None


@pytest.fixture
async def built(make_house: MakeHouse, tmp_path: Path) -> House:
    """A house whose web client is one page and one script, with a secret beside them."""
    web = tmp_path / "web"
    (web / "assets" / "inner").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>Matinee</title><!--head-->")
    (web / "assets" / "app.js").write_text("1")
    for hidden in (tmp_path / "secret", web / ".env", web / "assets" / "inner" / "x"):
        hidden.write_text("hush")
    (web / "assets" / "way").symlink_to(tmp_path / "secret")
    return await make_house(web_dir=web)


async def test_files_are_served_by_name_and_no_folder_is_shown(built: House) -> None:
    client = await built.client()
    assert (await client.get("/assets/app.js")).text == "1"
    for path in (
        "/assets", "/assets/", "/assets/inner", "/assets/inner/", "/assets/way", "/assets/../secret",
        "/assets/..%2f..%2fsecret", "/assets/%2e%2e/%2e%2e/secret", "/assets/..%5c..%5csecret", "/..%2fsecret",
        "/.env", "/%2eenv", "/.git/config", "/index.html", "/assets/app.js%00", "/assets/" + "a" * 5000,
    ):  # fmt: skip
        answer = await client.get(path)
        assert answer.status_code == 404, path
        assert "hush" not in answer.text
        assert "inner" not in answer.text.replace(path, ""), path


async def test_words_of_people_are_no_html_in_the_head_of_a_page(built: House) -> None:
    title = """</title><script>alert("ねこ O'Hara")</script>"""
    owner = await built.person(handle="ann")
    film = await Film.made(built, owner, visibility="public", title=title)
    changed = {"description": '"><img src=x onerror=alert(1)>'}
    assert (await owner.client.patch(f"/api/v1/videos/{film.id}", json=changed)).status_code == 200
    renamed = {"display_name": "<b>Ann</b>", "bio": title}
    assert (await owner.client.patch("/api/v1/me/profile", json=renamed)).status_code == 200
    for path in (f"/watch/{film.id}", f"/embed/{film.id}", "/@ann"):
        page = (await owner.client.get(path)).text
        for tag in ("<script", "<img", "<b>"):
            assert tag not in page, path
        assert "&lt;script&gt;alert(&quot;ねこ O&#x27;Hara&quot;)&lt;/script&gt;" in page, path


async def test_from_the_bare_address_one_is_sent_to_localhost_and_nowhere_else(built: House) -> None:
    """The place that one asked for stays; what a request says of hosts leads nobody away."""
    client = await built.client()
    bare = {"Host": "127.0.0.1:8000"}
    for path in ("/", "/sign-in?next=%2Fvideos", "/watch/none?t=5", "/run/health"):
        moved = await client.get(path, headers=bare)
        assert (moved.status_code, moved.headers["location"]) == (307, f"http://localhost:8000{path}")
    more = {"X-Forwarded-Host": "elsewhere.example", "Forwarded": "host=elsewhere.example"}
    moved = await client.get("/videos", headers={**bare, **more})
    assert moved.headers["location"] == "http://localhost:8000/videos"
    for host in (
        "elsewhere.example", "127.0.0.1@elsewhere.example", "127.0.0.1:8000@elsewhere.example",
        "127.0.0.1.elsewhere.example",
        "127.0.0.1:8000/@elsewhere.example", "127.0.0.1:80#.elsewhere.example", "127.0.0.1\\elsewhere.example", "",
    ):  # fmt: skip
        for path in ("/", "/videos", "//elsewhere.example", "/videos/..//elsewhere.example"):
            answer = await client.get(f"http://localhost:8000{path}", headers={"Host": host})
            assert answer.status_code in (400, 404), (host, path)
            assert "location" not in answer.headers, (host, path)
    for path in ("//elsewhere.example", "/videos//elsewhere.example/", "/@nobody//elsewhere.example"):
        said = (await client.get(f"http://localhost:8000{path}", headers=bare)).headers.get("location", "")
        assert not said or said.startswith("http://localhost:8000/"), path
