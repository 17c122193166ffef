"""`matinee signup …`: the doors of the house, from its own terminal. Holds no logic."""

from typing import Annotated, get_args
from uuid import UUID

import typer
from rich.table import Column, Table

from matinee.features.accounts import service as accounts
from matinee.features.admission import service
from matinee.features.admission.errors import NoSuchApplication
from matinee.features.admission.schemas import InvitationWish, Mode, PolicyWish
from matinee.infra.terminal import in_house, say_table
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.words import in_one_line, shown

commands = typer.Typer(
    name="signup", help="Who may make an account: doors, invitations, requests.", no_args_is_help=True
)
_MODES = get_args(Mode)
LoginArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of who waits.")]


@commands.command()
def show(context: typer.Context) -> None:
    """Who may make an account now, and how many wait."""

    async def run(work: Work) -> None:
        policy = await service.show(work)
        fixed = dict.fromkeys(policy.fixed, " (set where the house is started)")
        typer.echo(f"{'mode':24}{policy.mode}{fixed.get('mode', '')}")
        typer.echo(f"{'work':24}{'yes' if policy.work else 'no'}{fixed.get('work', '')}")
        typer.echo(f"{'question':24}{shown(policy.question)}")
        typer.echo(f"{'invitations per member':24}{policy.invitations_per_member}")
        typer.echo(f"{'waiting':24}{policy.waiting} of {policy.waiting_most}")

    in_house(context, run)


@commands.command("set")
def set_(
    context: typer.Context,
    mode: Annotated[str | None, typer.Argument(help=f"One of {', '.join(_MODES)}.")] = None,
    work: Annotated[
        bool | None, typer.Option("--work/--no-work", help="Ask for work, against robots.")
    ] = None,
    question: Annotated[str | None, typer.Option(help="What who applies is asked; empty for none.")] = None,
    invitations: Annotated[
        int | None, typer.Option(min=0, max=100, help="Open invitations that a member may hold.")
    ] = None,
) -> None:
    """Choose anew; what is left out stays."""
    if mode is not None and mode not in _MODES:
        raise typer.BadParameter(f"modes are {', '.join(_MODES)}", param_hint="MODE")
    if question is not None and len(question) > 300:
        raise typer.BadParameter("300 characters at most", param_hint="--question")
    wanted = {"mode": mode, "work": work, "question": question, "invitations_per_member": invitations}

    async def run(house: Work) -> None:
        kept = (await service.show(house)).model_dump(include=set(wanted))
        wish = kept | {name: value for name, value in wanted.items() if value is not None}
        made = await service.change(house, PolicyWish(**wish))
        typer.echo(f"Sign-up is {made.mode} now{', with work' if made.work else ''}.")

    in_house(context, run)


@commands.command()
def invite(
    context: typer.Context,
    note: Annotated[str, typer.Option(help="Whom it is for.")] = "",
    uses: Annotated[int, typer.Option(min=1, max=1000, help="How many may come by it.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=365, help="Days until it ends.")] = 30,
) -> None:
    """Print a link that opens the door, also where it is by invitation or approval. It is shown this once."""
    if len(note) > 80:
        raise typer.BadParameter("80 characters at most", param_hint="--note")

    async def run(work: Work) -> None:
        made = await service.make(work, InvitationWish(note=str(in_one_line(note)), uses=uses, days=days))
        typer.echo(made.link)

    in_house(context, run)


@commands.command()
def invitations(context: typer.Context) -> None:
    """All invitations, newest first."""
    key = Column("id", min_width=36, no_wrap=True)
    table = Table(key, "by", "for", "used", "ends (UTC)", box=None, pad_edge=False)

    async def run(work: Work) -> None:
        for one in (await service.every(work)).items:
            used, ends = f"{one.used} of {one.uses}", f"{one.expires_at:%Y-%m-%d %H:%M}"
            table.add_row(
                str(one.id), f"@{one.made_by}" if one.made_by else "house", shown(one.note), used, ends
            )

    in_house(context, run)
    _print(table, "There are no invitations.")


@commands.command()
def revoke(context: typer.Context, invitation: Annotated[UUID, typer.Argument(help="Its id.")]) -> None:
    """Take an invitation back."""
    in_house(context, lambda work: service.revoke(work, invitation))
    typer.echo("It opens nothing any more.")


@commands.command()
def waiting(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many at most.")] = 50,
) -> None:
    """Who asks to be let in, oldest first."""
    table = Table("since (UTC)", "handle", "email", "answer", box=None, pad_edge=False)

    async def run(work: Work) -> None:
        for one in (await service.queue(work, "waiting", cursor=None, limit=limit)).items:
            table.add_row(f"{one.asked_at:%Y-%m-%d %H:%M}", one.handle or "", one.email, shown(one.answer))

    in_house(context, run)
    _print(table, "Nobody waits.")


@commands.command()
def approve(context: typer.Context, login: LoginArgument) -> None:
    """Let somebody in who waits."""

    async def run(work: Work) -> None:
        await service.approve(work, await _find(work, login))

    in_house(context, run)
    typer.echo(f"{login} is let in.")


@commands.command()
def refuse(
    context: typer.Context,
    login: LoginArgument,
    reason: Annotated[str, typer.Option(help="What they are told.", prompt=True)],
) -> None:
    """Turn somebody away who waits; their account is erased in a week."""
    told = str(in_one_line(reason))
    if not 0 < len(told) <= 300:
        raise typer.BadParameter("1 to 300 characters", param_hint="--reason")

    async def run(work: Work) -> None:
        await service.refuse(work, await _find(work, login), told)

    in_house(context, run)
    typer.echo(f"{login} is refused.")


async def _find(work: Work, login: str) -> AccountId:
    account = await accounts.find(work, login)
    if account is None:
        raise NoSuchApplication
    return account.id


def _print(table: Table, otherwise: str) -> None:
    if table.row_count:
        say_table(table)
    else:
        typer.echo(otherwise)
