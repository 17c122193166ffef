"""What gets into an account, from the terminal: sessions, factors, tokens. Holds no logic."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.table import Column, Table

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import NoSuchSession, NoSuchToken
from matinee.features.accounts.schemas import SCOPES, TOKEN_NAME_MOST, FactorsReset, TokenScope
from matinee.features.people.commands.account import LoginArgument, app, find
from matinee.infra.terminal import in_house, say_table
from matinee.infra.work import Work
from matinee.kernel.actor import Actor
from matinee.kernel.errors import MatineeError
from matinee.kernel.words import shown


@app.command()
def sessions(
    ctx: typer.Context,
    login: LoginArgument,
    end: Annotated[str | None, typer.Option(help="End the session of this id.")] = None,
    end_all: Annotated[bool, typer.Option("--end-all", help="End all of them.")] = False,
) -> None:
    """The browsers where an account is signed in; end one or all."""
    if end is not None and end_all:
        raise typer.BadParameter("name one session or all, not both", param_hint="--end")
    table = Table("id", "device", "place", "since", "last used", box=None, pad_edge=False)
    said: list[str] = []

    async def run(work: Work) -> None:
        account_id = await find(work, login)
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

    in_house(ctx, run)
    if said:
        typer.echo(said[0])
    elif table.row_count:
        say_table(table)
    else:
        typer.echo(f"{login} is signed in nowhere.")


@app.command()
def factors(
    ctx: typer.Context,
    login: LoginArgument,
    reset: Annotated[
        bool, typer.Option("--reset", help="Remove all of them: its person lost them. Ends its sessions.")
    ] = False,
    made_sure: Annotated[
        str | None,
        typer.Option(
            help="With --reset: how you made sure that its person asks, in a sentence. They read it."
        ),
    ] = None,
) -> None:
    """The second factors of an account; remove them for somebody who lost them."""
    asked = None
    if reset:
        try:
            asked = FactorsReset(made_sure=made_sure or "")
        except ValidationError:
            raise typer.BadParameter(
                "say in 10 to 200 characters how you made sure that its person asks", param_hint="--made-sure"
            ) from None
    table = Table("kind", "name", "since", "last used", box=None, pad_edge=False)

    def row(kind: str, name: str, since: datetime, used: datetime | None) -> None:
        table.add_row(kind, name, f"{since:%Y-%m-%d %H:%M}", f"{used:%Y-%m-%d %H:%M}" if used else "never")

    async def run(work: Work) -> None:
        account_id = await find(work, login)
        if asked is not None:
            await accounts.reset_factors(work, account_id, asked)
            return
        work.actor = Actor(account_id=account_id)
        held = await accounts.own_factors(work)
        if held.app is not None:
            row("app", "", held.app.created_at, held.app.last_used_at)
        for passkey in held.passkeys:
            row("passkey", shown(passkey.name), passkey.created_at, passkey.last_used_at)
        left.append(held.recovery_codes_left)

    left: list[int] = []
    in_house(ctx, run)
    if reset:
        typer.echo(f"Removed all second factors of {login}: the password alone signs in now.")
    elif table.row_count:
        say_table(table)
        typer.echo(f"{left[0]} recovery codes left.")
    else:
        typer.echo(f"{login} has no second factor.")


@app.command()
def tokens(
    ctx: typer.Context,
    login: LoginArgument,
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
    name = None if make is None else shown(make)
    if name is not None and not 0 < len(name) <= TOKEN_NAME_MOST:
        raise typer.BadParameter(f"a name of 1 to {TOKEN_NAME_MOST} characters", param_hint="--make")
    if unknown := set(scope or ()) - set(SCOPES):
        raise typer.BadParameter(f"no such scope: {min(unknown)}", param_hint="--scope")
    key = Column("id", min_width=36, no_wrap=True)
    table = Table(key, "name", "may", "since", "ends", "last used", box=None, pad_edge=False)
    said: list[str] = []

    async def run(work: Work) -> None:
        account_id = await find(work, login)
        if name is not None:
            wanted = cast(list[TokenScope], scope or ["read"])
            lives = work.settings(accounts.TokenSettings).program_days if days is None else days
            said.append(await accounts.issue_token(work, account_id, name, scopes=wanted, days=lives))
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

    in_house(ctx, run)
    if said:
        typer.echo(said[0])
    elif table.row_count:
        say_table(table)
    else:
        typer.echo(f"Nothing acts for {login}.")


def _id(text: str, missing: type[MatineeError]) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise missing from None
