"""Making accounts from the terminal, and what they are called and may do. Holds no logic."""

from datetime import datetime
from typing import Annotated, Literal

import typer

from matinee.features.accounts import service as accounts
from matinee.features.people import service
from matinee.features.people.commands.account import LoginArgument, app, find
from matinee.features.roles import service as held
from matinee.features.roles.schemas import Explanation
from matinee.infra.terminal import in_house
from matinee.infra.work import Work
from matinee.kernel.actor import ROLES

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
    in_house(ctx, run)
    typer.echo(f"Made @{handle.lower()} for {email}.")
    _tell(password, ends[0])


def _create_service(ctx: typer.Context, handle: str, title: str, roles: list[str]) -> None:
    async def run(work: Work) -> None:
        await service.create_service(work, handle, title, roles)

    in_house(ctx, run)
    made = handle.lower().removeprefix("@")
    typer.echo(
        f"Made the service @{made}. Its tokens: matinee account tokens {made} --make NAME --scope SCOPE"
    )


@app.command()
def password(
    ctx: typer.Context,
    login: LoginArgument,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for the password instead of making one up.")
    ] = False,
) -> None:
    """Give an account another password; its sessions end, its tokens stay."""
    new = _password(ask)

    async def run(work: Work) -> None:
        account_id = await find(work, login)
        await accounts.set_password(work, account_id, new, made_up=not ask)
        ends.append(await accounts.first_password_ends(work, account_id))

    ends: list[datetime | None] = []
    in_house(ctx, run)
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
            made.append(await accounts.hand_out(work, await find(work, who), kind))

    made: list[str] = []
    in_house(ctx, run)
    typer.echo(f"Works once, for a day, and is shown this once: {made[0]}")


@app.command()
def roles(
    ctx: typer.Context,
    login: LoginArgument,
    role: Annotated[list[str], typer.Option(help=f"Role: {_ROLES}, or one made here. Repeatable.")],
) -> None:
    """Say anew what an account may do, from its next request on."""

    async def run(work: Work) -> None:
        await held.set_roles(work, await find(work, login), role)

    in_house(ctx, run)
    typer.echo(f"{login} is {', '.join(role)} now.")


@app.command()
def may(
    ctx: typer.Context,
    login: LoginArgument,
    permission: Annotated[str, typer.Argument(help="Such as videos.create; “matinee role permissions”.")],
) -> None:
    """Whether an account may do something in a browser, and why. Exit 0: it may. 1: it may not."""

    async def run(work: Work) -> None:
        found.append(await held.explanation_of(work, await find(work, login), permission))

    found: list[Explanation] = []
    in_house(ctx, run)
    for step in found[0].steps:
        typer.echo(f"{'yes' if step.passed else 'no '}  {step.sentence}")
    typer.echo(found[0].sentence)
    raise typer.Exit(0 if found[0].may else 1)


@app.command()
def handle(
    ctx: typer.Context,
    login: LoginArgument,
    new: Annotated[str, typer.Argument(metavar="HANDLE", help="The handle that it is to have.")],
) -> None:
    """Give an account another handle; the old one leads to it for a while."""

    async def run(work: Work) -> None:
        made.append((await service.rename(work, await find(work, login), new)).handle)

    made: list[str] = []
    in_house(ctx, run)
    typer.echo(f"{login} is @{made[0]} now.")


def _password(ask: bool) -> str:
    if not ask:
        return accounts.new_first_password()
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _tell(password: str, ends_at: datetime | None) -> None:
    """One that was asked for is known, and does not end."""
    if ends_at is not None:
        typer.echo(f"Password (shown this once, good until {ends_at:%d %B %Y}): {password}")
