"""`matinee account …`: accounts from the terminal of the house itself. Holds no logic.

`ctx.obj` is a callable that opens the house: an async context manager of `Works`.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Literal, cast, get_args

import typer

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import NoSuchAccount
from matinee.features.people import service
from matinee.infra.work import Work, Works
from matinee.kernel.actor import Role
from matinee.kernel.errors import MatineeError
from matinee.kernel.ids import AccountId

OpenHouse = Callable[[], AbstractAsyncContextManager[Works]]
app = typer.Typer(name="account", help="Accounts of this house.", no_args_is_help=True)
_ROLES = [role for role in get_args(Role) if role != "guest"]


@app.command()
def create(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="Address to sign in with.")],
    handle: Annotated[str, typer.Option(help="Public name: a–z, 0–9 and _.")],
    name: Annotated[str | None, typer.Option(help="Shown name. Default: the handle.")] = None,
    role: Annotated[list[str] | None, typer.Option(help=f"Role: {', '.join(_ROLES)}. Repeatable.")] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for the password instead of making one up.")
    ] = False,
) -> None:
    """Make an account and print its one-time password."""
    wanted = role or ["viewer", "creator"]
    if unknown := set(wanted) - set(_ROLES):
        raise typer.BadParameter(f"no such role: {min(unknown)}", param_hint="--role")
    password = _password(ask)

    async def run(work: Work) -> None:
        account = await accounts.create(work, email, password, cast(list[Role], wanted), words=(handle,))
        await service.create(work, account.id, handle, name or handle)

    _in_house(ctx, run)
    typer.echo(f"Made @{handle.lower()} for {email}.")
    _tell(ask, password)


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
        await accounts.set_password(work, await _find(work, login), new)

    _in_house(ctx, run)
    typer.echo(f"Changed the password of {login}.")
    _tell(ask, new)


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
    lift: Annotated[bool, typer.Option("--lift", help="Let the account in again.")] = False,
) -> None:
    """Shut an account out at once; its things stay."""

    async def run(work: Work) -> None:
        await accounts.suspend(work, await _find(work, login), suspended=not lift)

    _in_house(ctx, run)
    typer.echo(f"{login} may sign in again." if lift else f"{login} is shut out.")


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


def _tell(asked: bool, password: str) -> None:
    if not asked:
        typer.echo(f"Password (shown this once): {password}")
