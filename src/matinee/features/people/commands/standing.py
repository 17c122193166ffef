"""Suspending and limiting accounts from the terminal. Holds no logic."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer

from matinee.features.accounts import service as accounts
from matinee.features.people.commands.account import LoginArgument, app, find
from matinee.infra.terminal import in_house
from matinee.infra.work import Work
from matinee.kernel.time import utc_now

ReasonOption = Annotated[str | None, typer.Option(help="Why; its person reads it.")]
UntilOption = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Until when: 12h, 7d, 2027-01-01 (UTC). Default: until it is lifted."),
]
NoteOption = Annotated[str, typer.Option(help="For operators alone.")]
_UNITS = {"h": "hours", "d": "days"}
_SPAN = re.compile(r"([1-9]\d{0,4})([hd])")


@app.command()
def suspend(
    ctx: typer.Context,
    login: LoginArgument,
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
    login: LoginArgument,
    reason: ReasonOption = None,
    until: UntilOption = None,
    note: NoteOption = "",
) -> None:
    """Let an account look around and keep itself, and change nothing else."""
    typer.echo(f"{login} is limited {_restrict(ctx, login, 'limited', reason, until, note)}.")


@app.command()
def lift(
    ctx: typer.Context,
    login: LoginArgument,
) -> None:
    """End what an account is suspended or limited by."""
    _lift(ctx, login)
    typer.echo(f"{login} may all that its roles grant again.")


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
        await accounts.restrict(work, await find(work, login), kind, reason.strip(), over, note.strip())

    in_house(ctx, run)
    return "until it is lifted" if over is None else f"until {over:%Y-%m-%d %H:%M} UTC"


def _lift(ctx: typer.Context, login: str) -> None:
    async def run(work: Work) -> None:
        await accounts.lift(work, await find(work, login))

    in_house(ctx, run)


def _moment(text: str) -> datetime:
    if (span := _SPAN.fullmatch(text)) is not None:
        return utc_now() + timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write 12h, 7d or 2027-01-01", param_hint="--until") from None
    return named.astimezone(UTC) if named.tzinfo else named.replace(tzinfo=UTC)
