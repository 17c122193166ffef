"""`matinee account …`: accounts from the terminal of the house itself. Holds no logic.

`ctx.obj` is a callable that opens the house: an async context manager of `Works`.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, cast
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Column, Table

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import NoSuchAccount, NoSuchSession, NoSuchToken
from matinee.features.accounts.schemas import SCOPES, TokenScope
from matinee.features.people import service
from matinee.features.roles import service as held
from matinee.features.roles.schemas import Explanation
from matinee.infra.work import Work, Works
from matinee.kernel.actor import ROLES, Actor
from matinee.kernel.errors import MatineeError
from matinee.kernel.ids import AccountId
from matinee.kernel.time import utc_now
from matinee.kernel.words import shown

OpenHouse = Callable[[], AbstractAsyncContextManager[Works]]
app = typer.Typer(name="account", help="Accounts of this house.", no_args_is_help=True)
ReasonOption = Annotated[str | None, typer.Option(help="Why; its person reads it.")]
UntilOption = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Until when: 12h, 7d, 2027-01-01 (UTC). Default: until it is lifted."),
]
NoteOption = Annotated[str, typer.Option(help="For operators alone.")]
_UNITS = {"h": "hours", "d": "days"}
_SPAN = re.compile(r"([1-9]\d{0,4})([hd])")
_ROLES = ", ".join(ROLES[1:])


@app.command()
def create(
    ctx: typer.Context,
    handle: Annotated[str, typer.Option(help="Public name: a–z, 0–9 and _.")],
    email: Annotated[str | None, typer.Argument(help="Address to sign in with; a service has none.")] = None,
    name: Annotated[str | None, typer.Option(help="Shown name. Default: the handle.")] = None,
    role: Annotated[
        list[str] | None, typer.Option(help=f"Role: {_ROLES}, or one made here. Repeatable.")
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for the password instead of making one up.")
    ] = False,
    as_service: Annotated[
        bool, typer.Option("--service", help="For a program, which acts by tokens alone.")
    ] = False,
) -> None:
    """Make an account and print its one-time password, or one of a service, which has none."""
    wanted = role or ["viewer", "creator"]
    if as_service == (email is not None) or (as_service and ask):
        raise typer.BadParameter(
            "a person has an address, a service none and no password", param_hint="EMAIL"
        )
    if email is None:
        _create_service(ctx, handle, name or handle, wanted)
        return
    password = _password(ask)

    async def run(work: Work) -> None:
        await held.check_names(work, wanted)
        account = await accounts.create(work, email, password, wanted, words=(handle,), made_up=not ask)
        await service.create(work, account.id, handle, name or handle)
        ends.append(await accounts.first_password_ends(work, account.id))

    ends: list[datetime | None] = []
    _in_house(ctx, run)
    typer.echo(f"Made @{handle.lower()} for {email}.")
    _tell(password, ends[0])


def _create_service(ctx: typer.Context, handle: str, title: str, roles: list[str]) -> None:
    async def run(work: Work) -> None:
        await service.create_service(work, handle, title, roles)

    _in_house(ctx, run)
    made = handle.lower().removeprefix("@")
    typer.echo(
        f"Made the service @{made}. Its tokens: matinee account tokens {made} --make NAME --scope SCOPE"
    )


@app.command()
def password(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for the password instead of making one up.")
    ] = False,
) -> None:
    """Give an account another password; its sessions end, its tokens stay."""
    new = _password(ask)

    async def run(work: Work) -> None:
        account_id = await _find(work, login)
        await accounts.set_password(work, account_id, new, made_up=not ask)
        ends.append(await accounts.first_password_ends(work, account_id))

    ends: list[datetime | None] = []
    _in_house(ctx, run)
    typer.echo(f"Changed the password of {login}.")
    _tell(new, ends[0])


@app.command()
def link(
    ctx: typer.Context,
    kind: Annotated[Literal["reset", "verify", "invite"], typer.Argument(help="reset, verify or invite.")],
    who: Annotated[str, typer.Argument(help="Email or handle of the account; to invite, a new address.")],
) -> None:
    """Print a link to hand out, where no letter goes: to choose a new password, to prove an address, or to join."""

    async def run(work: Work) -> None:
        if kind == "invite":
            made.append(await accounts.invite(work, who))
        else:
            made.append(await accounts.hand_out(work, await _find(work, who), kind))

    made: list[str] = []
    _in_house(ctx, run)
    typer.echo(f"Works once, for a day, and is shown this once: {made[0]}")


@app.command()
def suspend(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
    reason: ReasonOption = None,
    until: UntilOption = None,
    note: NoteOption = "",
    lift: Annotated[bool, typer.Option("--lift", help="Let the account in again.")] = False,
) -> None:
    """Shut an account out at once; its things stay."""
    if lift:
        _lift(ctx, login)
        typer.echo(f"{login} may sign in again.")
    else:
        typer.echo(f"{login} is shut out {_restrict(ctx, login, 'suspended', reason, until, note)}.")


@app.command()
def limit(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
    reason: ReasonOption = None,
    until: UntilOption = None,
    note: NoteOption = "",
) -> None:
    """Let an account look around and keep itself, and change nothing else."""
    typer.echo(f"{login} is limited {_restrict(ctx, login, 'limited', reason, until, note)}.")


@app.command()
def lift(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
) -> None:
    """End what an account is suspended or limited by."""
    _lift(ctx, login)
    typer.echo(f"{login} may all that its roles grant again.")


@app.command()
def roles(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
    role: Annotated[list[str], typer.Option(help=f"Role: {_ROLES}, or one made here. Repeatable.")],
) -> None:
    """Say anew what an account may do, from its next request on."""

    async def run(work: Work) -> None:
        await held.set_roles(work, await _find(work, login), role)

    _in_house(ctx, run)
    typer.echo(f"{login} is {', '.join(role)} now.")


@app.command()
def may(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
    permission: Annotated[str, typer.Argument(help="Such as videos.create; “matinee role permissions”.")],
) -> None:
    """Whether an account may do something in a browser, and why. Exit 0: it may. 1: it may not."""

    async def run(work: Work) -> None:
        found.append(await held.explanation_of(work, await _find(work, login), permission))

    found: list[Explanation] = []
    _in_house(ctx, run)
    for step in found[0].steps:
        typer.echo(f"{'yes' if step.passed else 'no '}  {step.sentence}")
    typer.echo(found[0].sentence)
    raise typer.Exit(0 if found[0].may else 1)


@app.command()
def handle(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
    new: Annotated[str, typer.Argument(metavar="HANDLE", help="The handle that it is to have.")],
) -> None:
    """Give an account another handle; the old one leads to it for a while."""

    async def run(work: Work) -> None:
        made.append((await service.rename(work, await _find(work, login), new)).handle)

    made: list[str] = []
    _in_house(ctx, run)
    typer.echo(f"{login} is @{made[0]} now.")


@app.command()
def sessions(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
    end: Annotated[str | None, typer.Option(help="End the session of this id.")] = None,
    end_all: Annotated[bool, typer.Option("--end-all", help="End all of them.")] = False,
) -> None:
    """The browsers where an account is signed in; end one or all."""
    if end is not None and end_all:
        raise typer.BadParameter("name one session or all, not both", param_hint="--end")
    table = Table("id", "device", "place", "since", "last used", box=None, pad_edge=False)
    said: list[str] = []

    async def run(work: Work) -> None:
        account_id = await _find(work, login)
        work.actor = Actor(account_id=account_id, via="system")
        if end_all:
            said.append(f"Ended {await accounts.end_other_sessions(work)} sessions of {login}.")
        elif end is not None:
            await accounts.end_session(work, _id(end, NoSuchSession))
            said.append(f"Ended the session {end}.")
        else:
            for one in (await accounts.own_sessions(work)).items:
                moments = (f"{at:%Y-%m-%d %H:%M}" for at in (one.created_at, one.last_used_at))
                table.add_row(str(one.id), one.device, one.place, *moments)

    _in_house(ctx, run)
    if said:
        typer.echo(said[0])
    elif table.row_count:
        _print(table)
    else:
        typer.echo(f"{login} is signed in nowhere.")


@app.command()
def factors(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
    reset: Annotated[
        bool, typer.Option("--reset", help="Remove all of them: its person lost them. Ends its sessions.")
    ] = False,
) -> None:
    """The second factors of an account; remove them for somebody who lost them."""
    table = Table("kind", "name", "since", "last used", box=None, pad_edge=False)

    def row(kind: str, name: str, since: datetime, used: datetime | None) -> None:
        table.add_row(kind, name, f"{since:%Y-%m-%d %H:%M}", f"{used:%Y-%m-%d %H:%M}" if used else "never")

    async def run(work: Work) -> None:
        account_id = await _find(work, login)
        if reset:
            await accounts.reset_factors(work, account_id)
            return
        work.actor = Actor(account_id=account_id)
        held = await accounts.own_factors(work)
        if held.app is not None:
            row("app", "", held.app.created_at, held.app.last_used_at)
        for passkey in held.passkeys:
            row("passkey", shown(passkey.name), passkey.created_at, passkey.last_used_at)
        left.append(held.recovery_codes_left)

    left: list[int] = []
    _in_house(ctx, run)
    if reset:
        typer.echo(f"Removed all second factors of {login}: the password alone signs in now.")
    elif table.row_count:
        _print(table)
        typer.echo(f"{left[0]} recovery codes left.")
    else:
        typer.echo(f"{login} has no second factor.")


@app.command()
def tokens(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
    make: Annotated[str | None, typer.Option(help="Make one with this name; it is shown this once.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help=f"What it may do: {', '.join(SCOPES)}. Repeatable.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=0, help="Days until it ends; 0 for never.")] = None,
    end: Annotated[str | None, typer.Option(help="End the token of this id.")] = None,
    end_all: Annotated[bool, typer.Option("--end-all", help="End all of them.")] = False,
) -> None:
    """What may act for an account without its password; make or end one."""
    if sum((make is not None, end is not None, end_all)) > 1:
        raise typer.BadParameter("make one, end one, or end all", param_hint="--end")
    if unknown := set(scope or ()) - set(SCOPES):
        raise typer.BadParameter(f"no such scope: {min(unknown)}", param_hint="--scope")
    key = Column("id", min_width=36, no_wrap=True)
    table = Table(key, "name", "may", "since", "ends", "last used", box=None, pad_edge=False)
    said: list[str] = []

    async def run(work: Work) -> None:
        account_id = await _find(work, login)
        if make is not None:
            wanted = cast(list[TokenScope], scope or ["read"])
            lives = work.settings(accounts.TokenSettings).program_days if days is None else days
            said.append(await accounts.issue_token(work, account_id, make, scopes=wanted, days=lives))
            return
        work.actor = Actor(account_id=account_id, via="system")
        if end_all:
            said.append(f"Ended {await accounts.end_tokens(work, account_id)} tokens of {login}.")
        elif end is not None:
            await accounts.revoke_token(work, _id(end, NoSuchToken))
            said.append(f"Ended the token {end}.")
        else:
            for one in (await accounts.tokens(work)).items:
                moments = (
                    f"{at:%Y-%m-%d %H:%M}" if at else "never"
                    for at in (one.created_at, one.expires_at, one.last_used_at)
                )
                table.add_row(str(one.id), shown(one.name), "+".join(one.scopes), *moments)

    _in_house(ctx, run)
    if said:
        typer.echo(said[0])
    elif table.row_count:
        _print(table)
    else:
        typer.echo(f"Nothing acts for {login}.")


def _restrict(
    ctx: typer.Context,
    login: str,
    kind: Literal["limited", "suspended"],
    reason: str | None,
    until: str | None,
    note: str,
) -> str:
    """Until when, in words."""
    if reason is None or not reason.strip():
        raise typer.BadParameter("its person reads why: say it", param_hint="--reason")
    over = None if until is None else _moment(until)

    async def run(work: Work) -> None:
        await accounts.restrict(work, await _find(work, login), kind, reason.strip(), over, note.strip())

    _in_house(ctx, run)
    return "until it is lifted" if over is None else f"until {over:%Y-%m-%d %H:%M} UTC"


def _lift(ctx: typer.Context, login: str) -> None:
    async def run(work: Work) -> None:
        await accounts.lift(work, await _find(work, login))

    _in_house(ctx, run)


def _moment(text: str) -> datetime:
    if (span := _SPAN.fullmatch(text)) is not None:
        return utc_now() + timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write 12h, 7d or 2027-01-01", param_hint="--until") from None
    return named if named.tzinfo else named.replace(tzinfo=UTC)


def _print(table: Table) -> None:
    """What people called their things is no markup."""
    Console(markup=False, emoji=False).print(table)


def _id(text: str, missing: type[MatineeError]) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise missing from None


async def _find(work: Work, login: str) -> AccountId:
    account = await accounts.find(work, login)
    if account is None:
        raise NoSuchAccount
    return account.id


def _in_house(ctx: typer.Context, run: Callable[[Work], Awaitable[None]]) -> None:
    async def main() -> None:
        open_house = cast(OpenHouse, ctx.obj)
        async with open_house() as works, works.open() as work:
            await run(work)

    try:
        asyncio.run(main())
    except MatineeError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from None


def _password(ask: bool) -> str:
    if not ask:
        return secrets.token_urlsafe(12)
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _tell(password: str, ends_at: datetime | None) -> None:
    """One that was asked for is known, and does not end."""
    if ends_at is not None:
        typer.echo(f"Password (shown this once, good until {ends_at:%d %B %Y}): {password}")
