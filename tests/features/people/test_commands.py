"""`matinee account …` in the terminal, over a real house."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from tests.conftest import MakeHouse
from tests.support import factors
from tests.support.house import PASSWORD, House
from typer.testing import CliRunner, Result

from matinee.entrypoints.parts import assemble, opened
from matinee.features.accounts import service as accounts
from matinee.features.people.commands import app
from matinee.infra.work import Works
from matinee.kernel.time import utc_now


@pytest.fixture
def terminal(house: House) -> Callable[..., "asyncio.Future[Result]"]:
    """Runs the command in a thread, over parts of its own as a process of its own would."""
    return _terminal_of(house)


def _terminal_of(house: House) -> Callable[..., "asyncio.Future[Result]"]:

    @asynccontextmanager
    async def open_works() -> AsyncIterator[Works]:
        async with opened(assemble(house.settings)) as parts:
            yield parts.works

    opener: Callable[[], AbstractAsyncContextManager[Works]] = open_works

    def run(*arguments: str, typed: str = "") -> "asyncio.Future[Result]":
        call = asyncio.to_thread(CliRunner().invoke, app, list(arguments), obj=opener, input=typed)
        return asyncio.ensure_future(call)

    return run


async def _signs_in(house: House, login: str, password: str) -> bool:
    browser = await house.client()
    answer = await browser.post("/api/v1/session", json={"login": login, "password": password})
    return answer.status_code == 200


async def test_an_account_is_made_with_a_password_that_is_printed_once(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    result = await terminal("create", "Mo@example.org", "--handle", "mo_d", "--role", "moderator")
    assert result.exit_code == 0, result.output
    password = result.output.strip().rsplit(" ", 1)[-1]
    assert await _signs_in(house, "mo_d", password)
    again = await terminal("create", "mo@example.org", "--handle", "other")
    assert again.exit_code == 1
    assert "exists already" in again.stderr
    unknown = await terminal("create", "x@example.org", "--handle", "x_x", "--role", "king")
    assert unknown.exit_code == 1


async def test_a_password_is_replaced_from_the_terminal(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    ann = await house.person(handle="ann")
    result = await terminal("password", ann.email)
    assert result.exit_code == 0, result.output
    assert await _signs_in(house, "ann", result.output.strip().rsplit(" ", 1)[-1])
    asked = await terminal("password", "ann", "--ask", typed="typed by a person\ntyped by a person\n")
    assert asked.exit_code == 0, asked.output
    assert "typed by" not in asked.output
    assert await _signs_in(house, "ann", "typed by a person")
    weak = await terminal("password", "ann", "--ask", typed="password1234\npassword1234\n")
    assert weak.exit_code == 1
    nobody = await terminal("password", "nobody@example.org")
    assert (nobody.exit_code, nobody.stderr) == (1, "There is no such account.\n")


async def test_a_link_is_handed_out_from_the_terminal(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    await house.person(handle="ann")
    result = await terminal("link", "reset", "@ann")
    assert result.exit_code == 0, result.output
    token = result.output.strip().partition("/reset-password#")[2]
    browser = await house.client()
    form = {"token": token, "password": "another long secret"}
    assert (await browser.post("/api/v1/password-resets/finish", json=form)).status_code == 204
    assert await _signs_in(house, "ann", "another long secret")
    assert "/confirm-address#" in (await terminal("link", "verify", "ann")).output
    assert "/join#" in (await terminal("link", "invite", "guest@example.org")).output
    taken = await terminal("link", "invite", "ann@example.org")
    assert (taken.exit_code, taken.stderr) == (
        1,
        "An account with this email exists already. Sign in instead.\n",
    )
    assert (await terminal("link", "reset", "nobody")).exit_code == 1
    assert (await terminal("link", "king", "ann")).exit_code == 2


async def test_an_account_is_shut_out_and_let_in_again_from_the_terminal(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    await house.person(handle="ann")
    assert (await terminal("suspend", "ann", "--reason", "Spam.")).exit_code == 0
    assert not await _signs_in(house, "ann", PASSWORD)
    assert (await terminal("suspend", "ann", "--lift")).exit_code == 0
    assert await _signs_in(house, "ann", PASSWORD)


async def test_an_account_is_limited_until_a_moment_from_the_terminal(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    ann = await house.person(handle="ann")
    limit = ("limit", "ann", "--reason", "Spam.")
    assert (await terminal("limit", "ann")).exit_code == 2
    assert (await terminal(*limit, "--until", "soon")).exit_code == 2
    over = await terminal(*limit, "--until", "2001-01-01")
    assert (over.exit_code, over.stderr) == (1, "This moment is over. Choose a later one.\n")
    done = await terminal(*limit, "--until", "7d", "--note", "Second time.")
    assert done.output.startswith("ann is limited until 2"), done.output
    standing = (await ann.client.get("/api/v1/me")).json()["account"]["standing"]
    assert (standing["kind"], standing["reason"]) == ("limited", "Spam.")
    assert (
        await terminal(*limit, "--until", "2099-12-31")
    ).output == "ann is limited until 2099-12-31 00:00 UTC.\n"
    elsewhere = await terminal(*limit, "--until", "2099-12-31T10:00+05:00")
    assert elsewhere.output == "ann is limited until 2099-12-31 05:00 UTC.\n"
    blank = await terminal("limit", "ann", "--reason", "\u200b")
    assert (blank.exit_code, "Give a reason" in blank.stderr) == (1, True)
    assert (await terminal("lift", "ann")).exit_code == 0
    assert (await ann.client.get("/api/v1/me")).json()["account"]["standing"] is None


async def test_roles_and_sessions_are_changed_from_the_terminal(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    ann = await house.person(handle="ann")
    assert (await terminal("roles", "ann", "--role", "king")).exit_code == 1
    changed = await terminal("roles", "ann", "--role", "viewer", "--role", "moderator")
    assert changed.output.strip() == "ann is viewer, moderator now."
    await house.works.held(accounts.Gate).read()
    assert (await ann.client.get("/api/v1/me")).json()["account"]["roles"] == ["viewer", "moderator"]
    shown = await terminal("sessions", "ann")
    assert "Unknown device" in shown.output
    for wrong in ("x", "01890000-0000-7000-8000-000000000000"):
        assert "no such session" in (await terminal("sessions", "ann", "--end", wrong)).stderr
    assert (await terminal("sessions", "ann", "--end", "x", "--end-all")).exit_code == 2
    (session,) = (await ann.client.get("/api/v1/sessions")).json()["items"]
    assert (await terminal("sessions", "ann", "--end", session["id"])).exit_code == 0
    await house.works.held(accounts.Gate).read()
    assert (await ann.client.get("/api/v1/me")).json()["account"] is None
    assert (await terminal("sessions", "ann")).output.strip() == "ann is signed in nowhere."
    assert (await terminal("sessions", "ann", "--end-all")).output.strip() == "Ended 0 sessions of ann."


async def test_the_key_of_access_tokens_is_followed_by_another_from_the_terminal(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    ann = await house.person()

    async def published() -> int:
        await house.works.held(accounts.Gate).read()
        return len((await ann.client.get("/.well-known/jwks.json")).json()["keys"])

    assert "in ten minutes" in (await terminal("rotate-keys")).output
    assert await published() == 2
    assert "signs now" in (await terminal("rotate-keys", "--at-once")).output
    assert await published() == 1
    assert (await ann.client.get("/api/v1/me")).json()["account"] is not None


async def test_second_factors_are_listed_and_removed_for_who_lost_them(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    ann = await house.person(handle="ann")
    nothing = await terminal("factors", "ann")
    assert "ann has no second factor." in nothing.output
    await factors.add_app(ann.client, factors.Clock(house))
    await factors.add_passkey(ann.client, factors.Device(), "Key on the ring")
    listed = await terminal("factors", "ann")
    assert listed.exit_code == 0, listed.output
    assert "app" in listed.output
    assert "Key on the ring" in listed.output
    assert "10 recovery codes left." in listed.output
    assert not await _signs_in(house, ann.email, PASSWORD)
    for unsaid in ((), ("--made-sure", "I am"), ("--made-sure", "x" * 201)):
        assert "--made-sure" in (await terminal("factors", "ann", "--reset", *unsaid)).output
    assert not await _signs_in(house, ann.email, PASSWORD)
    sure = ("--made-sure", "She came by, and I know her.")
    removed = await terminal("factors", "ann", "--reset", *sure)
    assert "Removed all second factors of ann" in removed.output
    assert await _signs_in(house, ann.email, PASSWORD)
    assert (await terminal("factors", "nobody", "--reset", *sure)).exit_code == 1
    assert (await terminal("factors", "ann", "--reset", *sure)).exit_code == 1  # there is none any more


async def test_tokens_are_made_listed_and_ended_from_the_terminal(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    await house.person(handle="ann")
    assert "Nothing acts for ann" in (await terminal("tokens", "ann")).stdout
    made = await terminal("tokens", "ann", "--make", "import", "--scope", "upload", "--days", "30")
    client = await house.client(headers={"Authorization": f"Bearer {made.stdout.strip()}"})
    assert (await client.post("/api/v1/videos", json={"title": "A film"})).status_code == 201
    assert (await client.get("/api/v1/sessions")).status_code == 403
    listed = (await terminal("tokens", "ann")).stdout
    assert "import" in listed
    assert "upload" in listed
    key = next(word for word in listed.split() if len(word) == 36)
    assert (await terminal("tokens", "ann", "--end", key)).exit_code == 0
    assert (await client.get("/api/v1/me")).status_code == 401
    assert (await terminal("tokens", "ann", "--end", key)).exit_code == 1
    assert (await terminal("tokens", "ann", "--scope", "everything", "--make", "x")).exit_code == 2
    for name in ("", "\u200b\x1b", "x" * 81):
        assert (await terminal("tokens", "ann", "--make", name)).exit_code == 2, name


async def test_names_that_people_gave_do_nothing_to_the_terminal(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    ann = await house.person(handle="ann")
    async with house.works.open() as work:  # kept as they came, once
        await accounts.issue_token(work, ann.account_id, "\x1b]0;owned\x07 [/x] \x9b2J\u202e:boom:")
    await factors.add_passkey(ann.client, factors.Device(), "\x1b[31mKey\n [/y]")
    tokens, passkeys = await terminal("tokens", "ann"), await terminal("factors", "ann")
    assert (tokens.exit_code, passkeys.exit_code) == (0, 0), tokens.output + passkeys.output
    assert "]0;owned [/x] 2J:boom:" in tokens.output
    assert "[31mKey [/y]" in passkeys.output
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & {*tokens.output, *passkeys.output}


async def test_the_operator_gives_somebody_another_handle(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    await house.person(handle="ann")
    done = await terminal("handle", "ann", "anna")
    assert (done.exit_code, done.output.strip()) == (0, "ann is @anna now.")
    assert (await (await house.client()).get("/api/v1/profiles/ann")).status_code == 308
    assert (await terminal("handle", "nobody", "zoe")).exit_code == 1


async def test_accounts_are_found_and_shown_from_the_terminal(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    ann = await house.person(handle="ann")
    await house.person("moderator", handle="bob")
    listed = await terminal("ls", "--role", "moderator")
    assert listed.exit_code == 0, listed.output
    assert "bob" in listed.stdout
    assert "ann" not in listed.stdout
    lines = (await terminal("ls", "ann", "--json", "--kind", "person")).stdout.splitlines()
    assert [json.loads(line)["email"] for line in lines] == [ann.email]
    assert (await terminal("ls", "--state", "leaving")).stdout == "No account fits.\n"
    for wrong in (("--state", "king"), ("--kind", "dog"), ("--order", "size")):
        assert (await terminal("ls", *wrong)).exit_code == 2
    shown = await terminal("show", "ann")
    assert ann.email in shown.stdout
    assert json.loads((await terminal("show", "@ann", "--json")).stdout)["handle"] == "ann"
    assert (await terminal("show", "nobody")).exit_code == 1


async def test_what_is_listed_into_a_pipe_is_whole(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    ann = await house.person("viewer", "creator", "moderator", handle="a_handle_of_thirty_letters_ann")
    assert f" {ann.email} " in (await terminal("ls")).stdout
    assert "viewer+creator+moderator" in (await terminal("ls")).stdout
    await terminal("tokens", ann.handle, "--make", "A token of many words", "--scope", "read")
    (_, row) = (await terminal("tokens", ann.handle)).stdout.splitlines()
    assert f" {utc_now():%Y-%m-%d} " in row


async def test_a_service_is_made_and_gets_its_tokens_from_the_terminal(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"]
) -> None:
    made = await terminal(
        "create", "--service", "--handle", "Robot", "--role", "creator", "--name", "The Robot"
    )
    assert made.output.startswith("Made the service @robot.")
    token = (await terminal("tokens", "robot", "--make", "cron", "--scope", "upload")).stdout.strip()
    robot = await house.client(headers={"Authorization": f"Bearer {token}"})
    assert (await robot.post("/api/v1/videos", json={"title": "A film"})).status_code == 201
    assert "a service" in (await terminal("ls", "--kind", "service")).stdout
    assert (await terminal("password", "robot")).exit_code == 1
    assert (await terminal("link", "reset", "robot")).exit_code == 1
    for wrong in (("x@example.org", "--service"), (), ("--service", "--ask")):
        assert (await terminal("create", *wrong, "--handle", "other")).exit_code == 2
    assert (await terminal("suspend", "robot", "--reason", "Too loud.")).exit_code == 0
    assert (await robot.get("/api/v1/me")).status_code == 401


async def test_quota_and_erasure_are_settled_from_the_terminal(
    make_house: MakeHouse,
) -> None:
    house = await make_house(leaving_days=14)
    ann, _ = await house.person(handle="ann"), await house.person("admin")
    terminal = _terminal_of(house)
    assert (await terminal("quota", "ann", "--gb", "2.5")).stdout == "ann may keep 2.5 GB.\n"
    assert (await ann.client.get("/api/v1/me")).json()["quota"]["limit_bytes"] == 2_500_000_000
    assert (await terminal("quota", "ann", "--default")).exit_code == 0
    assert (await terminal("quota", "ann")).exit_code == 2
    wrong = await terminal("delete", "ann", typed="bob\n")
    assert (wrong.exit_code, "not the handle" in wrong.stderr) == (1, True)
    assert (await terminal("delete", "ann", typed="ann\n")).exit_code == 0
    assert "leaving" in (await terminal("ls", "ann")).stdout
    assert (await terminal("delete", "ann", "--keep")).stdout == "ann stays.\n"
    assert (await terminal("delete", "ann", "--yes")).exit_code == 0


async def test_secrets_are_sealed_anew_by_a_former_secret_that_no_argument_names(
    house: House, terminal: Callable[..., "asyncio.Future[Result]"], tmp_path: Path
) -> None:
    ann = await house.person(handle="ann")
    await factors.add_app(ann.client, factors.Clock(house))
    former = (house.settings.house.data_dir / "secret").read_text()
    same = await terminal("reseal", typed=f"{former}\n")
    assert (same.exit_code, same.output) == (0, "Former secret: \nSealed anew: 0 apps, 0 signing keys.\n")
    assert former not in same.output
    (tmp_path / "former").write_text("another secret\n")
    named = await terminal("reseal", "--from-secret", str(tmp_path / "former"))
    assert (named.exit_code, named.stdout) == (0, "Sealed anew: 0 apps, 0 signing keys.\n")
    (tmp_path / "former").write_bytes(b"\xff\xfe")
    no_text = await terminal("reseal", "--from-secret", str(tmp_path / "former"))
    assert (no_text.exit_code, "UTF-8" in no_text.stderr) == (2, True)
