"""Finding accounts from the terminal, looking at one, its quota and its end. Holds no logic."""

import json
from typing import Annotated, cast, get_args

import typer
from rich.table import Column, Table

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import AccountKind, AccountState, DirectoryOrder, Listed, OwnStanding
from matinee.features.people import service
from matinee.features.people.commands.account import LoginArgument, app, find
from matinee.features.people.schemas import PersonPage
from matinee.infra.terminal import in_house, say_table
from matinee.infra.work import Work
from matinee.kernel.words import shown

_PAGE = 100
_GB = 1_000_000_000


@app.command("ls")
def list_accounts(
    ctx: typer.Context,
    query: Annotated[
        str | None, typer.Argument(help="Beginning of a handle, of words of a name, or of an address.")
    ] = None,
    role: Annotated[str | None, typer.Option(help="Only who has this role.")] = None,
    state: Annotated[str | None, typer.Option(help=f"Only: {', '.join(get_args(AccountState))}.")] = None,
    kind: Annotated[str | None, typer.Option(help=f"Only: {', '.join(get_args(AccountKind))}.")] = None,
    factor: Annotated[
        bool | None, typer.Option("--factor/--no-factor", help="Only with, or without, a second factor.")
    ] = None,
    order: Annotated[str, typer.Option(help="joined: newest first; seen: last seen first.")] = "joined",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Accounts of this house, of people and of services."""
    for word, known, option in ((state, AccountState, "--state"), (kind, AccountKind, "--kind")):
        if word is not None and word not in get_args(known):
            raise typer.BadParameter(f"one of {', '.join(get_args(known))}", param_hint=option)
    if order not in get_args(DirectoryOrder):
        raise typer.BadParameter("joined or seen", param_hint="--order")
    found: list[Listed] = []

    async def run(work: Work) -> None:
        cursor = None
        while len(found) < limit:
            page = await accounts.directory(
                work,
                query=query,
                role=role,
                state=cast(AccountState | None, state),
                factor=factor,
                kind=cast(AccountKind | None, kind),
                order=cast(DirectoryOrder, order),
                cursor=cursor,
                limit=min(_PAGE, limit - len(found)),
            )
            found.extend(page.items)
            if (cursor := page.next_cursor) is None:
                return

    in_house(ctx, run)
    if as_json:
        for one in found:
            typer.echo(one.model_dump_json())
        return
    table = Table(
        Column("handle", no_wrap=True), "name", "email", "roles", "state", "factors", "joined", "seen",
        box=None, pad_edge=False,
    )  # fmt: skip
    for one in found:
        table.add_row(
            one.handle or "",
            shown(one.display_name or ""),
            one.email or "a service",
            "+".join(one.roles),
            one.state,
            "+".join(one.factors or []),
            f"{one.created_at:%Y-%m-%d}",
            f"{one.seen_at:%Y-%m-%d}" if one.seen_at else "never",
        )
    if table.row_count:
        say_table(table)
    else:
        typer.echo("No account fits.")


@app.command("show")
def show_account(
    ctx: typer.Context,
    login: LoginArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """All about one account; that you looked is written down."""
    found: list[PersonPage] = []

    async def run(work: Work) -> None:
        found.append(await service.look_up(work, await find(work, login)))

    in_house(ctx, run)
    one = found[0]
    if as_json:
        typer.echo(json.dumps(one.model_dump(mode="json")))
        return
    table = Table("", "", box=None, pad_edge=False, show_header=False)
    used, most = (one.quota.used_bytes, one.quota.limit_bytes) if one.quota else (0, 0)
    for name, value in (
        ("id", str(one.id)),
        ("kind", one.kind),
        ("handle", one.handle),
        ("name", shown(one.display_name or "")),
        ("email", one.email),
        ("proven", f"{one.email_verified_at:%Y-%m-%d %H:%M}" if one.email_verified_at else None),
        ("roles", ", ".join(one.roles)),
        ("state", one.state),
        ("held", _held(one.standing)),
        ("leaves", f"{one.leaves_at:%Y-%m-%d %H:%M}" if one.leaves_at else None),
        ("factors", ", ".join(one.factors or []) or "none"),
        ("sessions", str(len(one.sessions or []))),
        ("tokens", str(len(one.tokens.items if one.tokens else []))),
        ("keeps", f"{used / _GB:.2f} of {most / _GB:.2f} GB"),
        ("joined", f"{one.created_at:%Y-%m-%d %H:%M}"),
        ("seen", f"{one.seen_at:%Y-%m-%d %H:%M}" if one.seen_at else "never"),
    ):
        if value is not None:
            table.add_row(name, value)
    say_table(table)


def _held(standing: OwnStanding | None) -> str | None:
    if standing is None:
        return None
    until = "until it is lifted" if standing.until is None else f"until {standing.until:%Y-%m-%d %H:%M}"
    return f"{until}: {shown(standing.reason)}"


@app.command()
def quota(
    ctx: typer.Context,
    login: LoginArgument,
    gb: Annotated[float | None, typer.Option(min=0, max=1_000_000, help="How many GB it may keep.")] = None,
    default: Annotated[bool, typer.Option("--default", help="Give back the house's own limit.")] = False,
) -> None:
    """Let an account keep more or less than the others."""
    if default == (gb is not None):
        raise typer.BadParameter("name a size, or give back the house's own", param_hint="--gb")

    async def run(work: Work) -> None:
        limit = None if gb is None else round(gb * _GB)
        await service.set_quota(work, await find(work, login), limit)

    in_house(ctx, run)
    typer.echo(f"{login} has the house's own limit." if default else f"{login} may keep {gb:g} GB.")


@app.command()
def delete(
    ctx: typer.Context,
    login: LoginArgument,
    keep: Annotated[bool, typer.Option("--keep", help="Take it back, as long as it can be.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask for the handle once more, as scripts need it.")
    ] = False,
) -> None:
    """Let an account be erased: shut and hidden at once, erased after MATINEE_LEAVING_DAYS."""
    typed = "" if keep or yes else str(typer.prompt("Its handle, once more"))

    async def run(work: Work) -> None:
        account_id = await find(work, login)
        if keep:
            await accounts.end_leaving(work, account_id)
        else:
            handle = (await service.profile_of(work, account_id)).handle
            await accounts.begin_leaving(work, account_id, handle if yes else typed)

    in_house(ctx, run)
    typer.echo(f"{login} stays." if keep else f"{login} is shut and will be erased.")
