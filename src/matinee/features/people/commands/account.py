"""The command `matinee account` itself, and what its parts share. Holds no logic."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import NoSuchAccount
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

app = typer.Typer(name="account", help="Accounts of this house.", no_args_is_help=True)
_PIPE_WIDTH = 1_000
LoginArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")]


async def find(work: Work, login: str) -> AccountId:
    account = await accounts.find(work, login)
    if account is None:
        raise NoSuchAccount
    return account.id


def say_table(table: Table) -> None:
    """What people called their things is no markup. Nothing is cut: a terminal folds it, a pipe gets whole lines."""
    for column in table.columns:
        column.overflow = "fold"
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    Console(markup=False, emoji=False, width=width).print(table)
