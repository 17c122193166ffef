"""`matinee copy`: everything that the house keeps about somebody, as a zip, for the operator of this machine."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, cast

import typer

from matinee.entrypoints.copying import written
from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import NoSuchAccount
from matinee.infra.terminal import OpenHouse
from matinee.kernel.errors import MatineeError

NO_BOUND = 1 << 62


def copy(
    ctx: typer.Context,
    login: Annotated[str, typer.Argument(metavar="EMAIL", help="Email or handle of the account.")],
    to: Annotated[
        Path, typer.Option(help="File to write; one that is there stays as it is.", dir_okay=False)
    ],
    films: Annotated[bool, typer.Option("--films", help="With the files that were uploaded.")] = False,
) -> None:
    """Write everything that the house keeps about somebody into a zip."""
    try:
        size_bytes = asyncio.run(_write(cast(OpenHouse, ctx.obj), login, to, films=films))
    except FileExistsError:
        typer.echo(f"{to} is there already: name another file.", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"{to} cannot be written: {error.strerror}.", err=True)
        raise typer.Exit(1) from None
    except MatineeError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Wrote {to}, {size_bytes} bytes. Give it to nobody but {login}.")


async def _write(open_house: OpenHouse, login: str, to: Path, *, films: bool) -> int:
    async with open_house() as works:
        async with works.open() as work:
            account = await accounts.find(work, login)
            if account is None:
                raise NoSuchAccount
            await accounts.audit.record(work, "copy.handed_out", about=account.id, films=films)
        handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        size_bytes = 0
        try:
            with os.fdopen(handle, "wb") as file:
                async for piece in written(works, account.id, most_bytes=NO_BOUND if films else 0):
                    file.write(piece)
                    size_bytes += len(piece)
        except BaseException:
            to.unlink(missing_ok=True)
            raise
        return size_bytes
