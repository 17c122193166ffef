"""`matinee role …`: roles from the terminal of the house itself, which may all. Holds no logic."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from matinee.features.roles import service
from matinee.features.roles.schemas import NewRole, RoleChange, RoleInfo
from matinee.infra.terminal import in_house, say_table
from matinee.infra.work import Work
from matinee.kernel.words import shown

commands = typer.Typer(name="role", help="What a role holds: list, make, change, drop.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="The role: 2 to 20 letters a–z, digits or underscores.")]
PermissionOption = Annotated[
    list[str] | None, typer.Option("--permission", help="A permission that it holds. Repeatable.")
]
TitleOption = Annotated[str | None, typer.Option(help="How people see it.")]
AboutOption = Annotated[str | None, typer.Option(help="What it is for.")]
FactorOption = Annotated[
    bool | None, typer.Option("--factor/--no-factor", help="Whether its people need a second factor.")
]


@commands.command("ls")
def list_roles(context: typer.Context) -> None:
    """All roles, and how many people hold each."""
    table = Table("role", "called", "held by", "permissions", "", box=None, pad_edge=False)
    for role in in_house(context, service.all_roles).items:
        marks = ["built in"] if role.built_in else []
        if role.factor_needed or role.factor_by_settings:
            marks.append("second factor")
        table.add_row(
            role.name, shown(role.title), str(role.holders), str(len(role.permissions)), ", ".join(marks)
        )
    say_table(table)


@commands.command()
def show(context: typer.Context, name: NameArgument) -> None:
    """What a role holds."""
    _say(in_house(context, lambda work: service.role(work, name)))


@commands.command()
def permissions(context: typer.Context) -> None:
    """All permissions by name, and the built-in roles that hold them."""
    table = Table("permission", "held by", "what it allows", box=None, pad_edge=False)
    for one in in_house(context, service.permissions).items:
        held = "everybody" if one.everybody else ", ".join(role.name for role in one.built_in)
        table.add_row(one.name, held, one.description)
    say_table(table)


@commands.command()
def make(
    context: typer.Context,
    name: NameArgument,
    permission: PermissionOption = None,
    title: TitleOption = None,
    about: AboutOption = None,
    like: Annotated[str | None, typer.Option(help="Begin with what this role holds.")] = None,
    factor: FactorOption = None,
) -> None:
    """Make a role of named permissions."""

    async def run(work: Work) -> RoleInfo:
        held = [] if like is None else (await service.role(work, like)).permissions
        with _typed():
            new = NewRole(
                name=name,
                title=title or name.replace("_", " ").capitalize(),
                about=about or "",
                permissions=[*held, *(permission or ())],
                factor_needed=bool(factor),
            )
        return await service.make(work, new)

    _say(in_house(context, run))


@commands.command()
def change(
    context: typer.Context,
    name: NameArgument,
    permission: PermissionOption = None,
    title: TitleOption = None,
    about: AboutOption = None,
    factor: FactorOption = None,
) -> None:
    """Change a role that operators made. With --permission, those given are all that it holds."""

    async def run(work: Work) -> RoleInfo:
        with _typed():
            wanted = RoleChange(title=title, about=about, permissions=permission, factor_needed=factor)
        return await service.change(work, name, wanted)

    _say(in_house(context, run))


@commands.command()
def drop(context: typer.Context, name: NameArgument) -> None:
    """Drop a role that operators made, and take it from all who hold it."""
    holders = in_house(context, lambda work: service.drop(work, name))
    typer.echo(f"Dropped {name}, which {holders} {'person' if holders == 1 else 'people'} held.")


@contextmanager
def _typed() -> Iterator[None]:
    """What was typed and does not fit is named by its field."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        typer.echo(f"{first['loc'][0]}: {first['msg']}", err=True)
        raise typer.Exit(1) from None


def _say(role: RoleInfo) -> None:
    typer.echo(f"{role.name}: {shown(role.title)}{'' if role.built_in else ', made here'}")
    if role.about:
        typer.echo(shown(role.about))
    if role.factor_needed or role.factor_by_settings:
        typer.echo("Its people need a second factor.")
    typer.echo(f"Held by {role.holders}. Beside what everybody may, it holds:")
    for name in role.permissions:
        typer.echo(f"  {name}")
