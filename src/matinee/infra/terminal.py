"""How a command of the terminal does something in the house, one unit of work of the house itself, and how it lists
what it found. Knows no room.

`ctx.obj` of every command is a callable that opens the house.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar, cast

import typer
from rich.console import Console
from rich.table import Table

from matinee.infra.work import Work, Works
from matinee.kernel.errors import MatineeError

T = TypeVar("T")
OpenHouse = Callable[[], AbstractAsyncContextManager[Works]]
_PIPE_WIDTH = 1_000


def in_house(ctx: typer.Context, run: Callable[[Work], Awaitable[T]]) -> T:
    """What `run` gives, once its work is committed; a failure becomes its sentence and exit code 1."""

    async def inside() -> T:
        open_house = cast(OpenHouse, ctx.obj)
        async with open_house() as works, works.open() as work:
            return await run(work)

    try:
        return asyncio.run(inside())
    except MatineeError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from None


def say_table(table: Table) -> None:
    """What people called their things is no markup. Nothing is cut: a terminal folds it, a pipe gets whole lines."""
    for column in table.columns:
        column.overflow = "fold"
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    Console(markup=False, emoji=False, width=width).print(table)
