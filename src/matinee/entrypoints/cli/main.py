"""The command `matinee`: one entry for people at the terminal. Every verb lives beside its room or in this folder.

Never shows a traceback for a failure that was foreseen.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

import matinee
from matinee.entrypoints import product
from matinee.entrypoints.api.__main__ import main as run_api
from matinee.entrypoints.cli import supervise
from matinee.entrypoints.cli.login import login
from matinee.entrypoints.cli.settings_reference import show as show_settings
from matinee.entrypoints.cli.settings_reference import variable
from matinee.entrypoints.cli.upload import upload
from matinee.entrypoints.parts import assemble, database_url, load_settings, opened
from matinee.entrypoints.worker.__main__ import main as run_worker
from matinee.infra.postgres import PostgresError
from matinee.infra.telemetry import configure_logging
from matinee.infra.work import Works
from matinee.kernel.errors import MatineeError

app = typer.Typer(
    name="matinee",
    help="A video network you own: upload, adaptive streaming, community.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@asynccontextmanager
async def open_house() -> AsyncIterator[Works]:
    """Units of work of the house of this folder, for commands that act on it directly."""
    settings = load_settings()
    configure_logging(form=settings.house.log_format, level="warning")
    async with opened(assemble(settings)) as parts:
        yield parts.works


@app.callback()
def _root(context: typer.Context) -> None:
    context.obj = open_house


@app.command()
def up() -> None:
    """Run everything: database, API and worker, until Ctrl-C."""
    raise typer.Exit(supervise.up(load_settings()))


@app.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    supervise.migrate(database_url(load_settings()))
    typer.echo("The database is at the newest revision.")


@app.command()
def version(
    short: Annotated[bool, typer.Option("--short", help="Only the number.")] = False,
) -> None:
    """The version of Matinee."""
    typer.echo(matinee.__version__ if short else f"Matinee {matinee.__version__}")


app.command("api", help="Run the API alone.")(run_api)
app.command("worker", help="Run one worker alone.")(run_worker)
app.command("upload")(upload)
app.command("login")(login)
app.command("settings")(show_settings)
for _room in reversed(product.ROOMS):
    if _room.commands is not None:
        app.add_typer(_room.commands, name=_room.commands.info.name or _room.name)


def main() -> None:
    """The console entry."""
    try:
        app()
    except MatineeError as error:
        _end(error.detail)
    except PostgresError as error:
        _end(str(error))
    except ValidationError as error:
        _end("\n".join(_wrong_settings(error)))
    except OperationalError as error:
        _end(f"The database does not answer: {str(error.orig).strip().splitlines()[0]}")
    except BrokenPipeError:
        # Whoever read our output has enough; let nothing complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _wrong_settings(error: ValidationError) -> list[str]:
    """One line per wrong variable, without its value: it may be a secret."""
    return [f"{variable(str(e['loc'][0]) if e['loc'] else error.title)}: {e['msg']}." for e in error.errors()]


def _end(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
