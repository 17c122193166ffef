"""What every answer says to browsers, whoever answers: a route, the front before all routes, or a failure."""

import base64
import hashlib
import re
from pathlib import Path

import httpx
import pytest
import structlog
from tests.conftest import MakeHouse
from tests.support.house import House

from matinee.features.accounts import service as accounts
from matinee.features.videos import service as videos
from matinee.infra import front

ROOT = Path(__file__).resolve().parents[2]
SHELL = "<!doctype html><title>Matinee</title><!--head--><body>"


@pytest.fixture
async def built(make_house: MakeHouse, tmp_path: Path) -> House:
    """A house behind https whose web client is one page and one script."""
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text(SHELL)
    (web / "assets" / "app.js").write_text("1")
    (web / "assets" / "app.css").write_text("a{}")
    return await make_house(web_dir=web, public_url="https://films.example", limit_sign_ins=2)


async def answers(house: House, monkeypatch: pytest.MonkeyPatch) -> dict[str, httpx.Response]:
    """One of each kind."""

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the words of a failure")

    client = await house.client(address="203.0.113.7")
    client.base_url = httpx.URL("https://films.example")
    large = b" " * (front.MAX_BODY_BYTES + 1)
    found = {
        "200 api": await client.get("/api/v1/me"),
        "401 api": await client.get("/api/v1/sessions"),
        "404 api": await client.get("/api/v1/profiles/nobody_at_all"),
        "405 api": await client.put("/api/v1/me"),
        "413 front": await client.post("/api/v1/videos", content=large),
        "422 api": await client.get("/api/v1/videos?limit=none"),
        "400 front": await client.get("https://elsewhere.example/api/v1/me"),
        "404 media": await client.get("/media/none"),
        "200 page": await client.get("/sign-in"),
        "200 embed": await client.get("/embed/none"),
        "200 script": await client.get("/assets/app.js"),
        "200 style": await client.get("/assets/app.css"),
        "200 docs": await client.get("/docs/errors"),
        "200 metrics": await client.get("/metrics"),
    }
    for _ in range(3):
        found["429 front"] = await client.post("/api/v1/session", json={"login": "x", "password": "y"})
    monkeypatch.setattr(videos, "newest", broken)
    with structlog.testing.capture_logs():  # a terminal's way to show a failure takes long
        found["500 failure"] = await client.get("/api/v1/videos")
    for name, answer in found.items():
        assert answer.status_code == int(name[:3]) or name == "200 embed", (name, answer.text)
    return found


async def test_every_answer_tells_browsers_what_they_may_do_with_it(
    built: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, answer in (await answers(built, monkeypatch)).items():
        said = answer.headers
        assert said["x-content-type-options"] == "nosniff", name
        assert said["referrer-policy"] == "same-origin", name
        assert said["strict-transport-security"] == "max-age=31536000", name
        assert said["permissions-policy"] == "camera=(), microphone=(), geolocation=()", name
        rules = dict(rule.strip().split(" ", 1) for rule in said["content-security-policy"].split(";"))
        assert rules["default-src"] == "'self'", name
        assert "script-src" not in rules, name
        assert "unsafe" not in said["content-security-policy"], name
        assert (rules["object-src"], rules["base-uri"]) == ("'none'", "'none'"), name
        assert rules["frame-ancestors"] == ("*" if name == "200 embed" else "'none'"), name
        for header, values in said.multi_items():
            assert len(said.get_list(header)) == 1, (name, header, values)


def test_the_policy_knows_the_styles_that_react_aria_writes_into_a_page() -> None:
    private = ROOT / "web" / "node_modules" / "react-aria" / "dist" / "private"
    wanted = set()
    for name in ("interactions/usePress.mjs", "overlays/usePreventScroll.mjs"):
        source = (private / name).read_text(encoding="utf-8")
        (written,) = re.findall(r"style\.textContent = `(.*?)`\.trim\(\)", source, re.DOTALL)
        style = re.sub(r"\$\{\S*PRESSABLE_ATTRIBUTE\}", "data-react-aria-pressable", written).strip()
        wanted.add(f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'")
    allowed = set(re.findall(r"'sha256-[^']+'", front.Front.CSP))
    assert allowed == wanted


async def test_every_answer_names_its_kind_and_texts_their_letters(
    built: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, answer in (await answers(built, monkeypatch)).items():
        kind = answer.headers["content-type"]
        assert "charset=utf-8" in kind or not kind.startswith("text/"), name
        wanted = {
            "api": "application/",
            "page": "text/html",
            "script": "text/javascript",
            "style": "text/css",
        }
        assert kind.startswith(wanted.get(name[4:], "")), (name, kind)


async def test_answers_of_the_api_are_kept_by_nobody_and_saved_under_a_name_of_ours(
    built: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {
        name: answer
        for name, answer in (await answers(built, monkeypatch)).items()
        if answer.request.url.path.startswith("/api/")
    }
    assert len(found) > 6
    for name, answer in found.items():
        assert answer.headers["cache-control"] == "no-store", name
        assert answer.headers["content-disposition"] == 'attachment; filename="api.json"', name


async def test_a_failure_is_noted_under_the_id_that_its_answer_holds_and_tells_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the words of a failure")

    monkeypatch.setattr(videos, "newest", broken)
    client = await house.client()
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = await client.get("/api/v1/videos")
    assert answer.status_code == 500
    problem = answer.json()
    assert problem["code"] == "house.internal"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "the words of a failure" not in answer.text
    (noted,) = [line for line in lines if line["event"] == "request.failed"]
    assert noted["request_id"] == problem["request_id"]
    assert str(noted["exc_info"]) == "the words of a failure"
    counted = [line for line in lines if line["event"] == "request" and line["status"] == 500]
    assert [line["request_id"] for line in counted] == [problem["request_id"]]
    assert house.app.debug is False


async def test_the_api_lets_no_other_site_read_it(house: House) -> None:
    ann = await house.person()
    for origin in ("https://elsewhere.example", "null"):
        for method in ("GET", "OPTIONS"):
            asking = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            answer = await ann.client.request(method, "/api/v1/me", headers=asking)
            assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_who_is_refused_is_noted_under_a_name_that_the_house_alone_understands(house: House) -> None:
    viewer, guest = await house.person("viewer"), await house.client()
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        ids = [
            (await viewer.client.get("/api/v1/admin/overview")).headers["x-request-id"],
            (await guest.get("/api/v1/sessions")).headers["x-request-id"],
            (await guest.get("/api/v1/videos?limit=none")).headers["x-request-id"],
        ]
    noted = {
        line["request_id"]: (line["route"], line["status"], line.get("who"))
        for line in lines
        if line["event"] == "request"
    }
    alias = accounts.alias(house.settings, viewer.account_id)
    assert [noted[one] for one in ids] == [
        ("/api/v1/admin/overview", 403, alias),
        ("/api/v1/sessions", 401, "guest"),
        ("/api/v1/videos", 422, None),
    ]
    assert alias not in (str(viewer.account_id), viewer.account_id.hex[:12])
    assert not {str(viewer.account_id), viewer.handle, viewer.email} & {
        str(v) for one in lines for v in one.values()
    }
