"""The command `matinee account` itself, and what its parts share. Holds no logic."""

from typing import Annotated

import typer

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import NoSuchAccount
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

app = typer.Typer(name="account", help="Accounts of this house.", no_args_is_help=True)
LoginArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")]


async def find(work: Work, login: str) -> AccountId:
    account = await accounts.find(work, login)
    if account is None:
        raise NoSuchAccount
    return account.id
