"""The command `matinee`: one entry for people at the terminal. Every verb lives beside its room or in this folder.

What only talks to a server, or starts one, runs without loading the house. Never shows a traceback for a failure
that was foreseen.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

import matinee
from matinee.entrypoints import loading
from matinee.entrypoints.cli import mail
from matinee.entrypoints.cli.doctor import doctor
from matinee.entrypoints.cli.importing import import_
from matinee.entrypoints.cli.login import login
from matinee.entrypoints.cli.upload import UploadCommand, upload
from matinee.entrypoints.foreseen import foreseen

if TYPE_CHECKING:
    from matinee.infra.work import Works

LIGHT = ("up", "upload", "import", "login", "version", "doctor", "mail")


@asynccontextmanager
async def open_house() -> "AsyncIterator[Works]":
    """Units of work of the house of this folder, for commands that act on it directly."""
    from matinee.entrypoints.parts import assemble, load_settings, opened
    from matinee.infra.telemetry import configure_logging

    settings = load_settings()
    configure_logging(form=settings.house.log_format, level="error")
    parts = assemble(settings)
    try:
        await parts.database.ping()  # one sentence when it is away, before anything tries again and again
        async with opened(parts):
            yield parts.works
    finally:
        await parts.database.close()


def build(*, light: bool = False) -> typer.Typer:
    """The command with all its verbs, or with those alone that need no house."""
    app = typer.Typer(
        name="matinee",
        help="A video network you own: upload, adaptive streaming, community.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root(
        context: typer.Context,
        _: Annotated[
            bool, typer.Option("--version", help="Say the version.", is_eager=True, callback=_say_version)
        ] = False,
    ) -> None:
        context.obj = open_house

    app.command("up")(up)
    app.command("upload", cls=UploadCommand)(upload)
    app.command("import", cls=UploadCommand)(import_)
    app.command("login")(login)
    app.command("version")(version)
    app.command("doctor")(doctor)
    app.add_typer(mail.app, name="mail")
    if not light:
        _add_house(app)
    return app


def up() -> None:
    """Run everything: database, API and worker, until Ctrl-C."""
    from matinee.entrypoints.cli import supervise
    from matinee.kernel.settings import Settings

    loading.done()
    raise typer.Exit(supervise.up(Settings.load()))


def version(short: Annotated[bool, typer.Option("--short", help="Only the number.")] = False) -> None:
    """The version of Matinee."""
    typer.echo(matinee.__version__ if short else f"Matinee {matinee.__version__}")


def _say_version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


def _add_house(app: typer.Typer) -> None:
    from matinee.entrypoints import agreement, product
    from matinee.entrypoints.api.__main__ import main as run_api
    from matinee.entrypoints.cli import prepare
    from matinee.entrypoints.cli.backup import backup, restore
    from matinee.entrypoints.cli.copy import copy
    from matinee.entrypoints.cli.settings_reference import show as show_settings
    from matinee.entrypoints.cli.storage import commands as storage
    from matinee.entrypoints.parts import database_url, load_settings
    from matinee.entrypoints.worker.__main__ import main as run_worker

    def migrate() -> None:
        prepare.migrate(database_url(load_settings()))
        typer.echo("The database is at the newest revision.")

    def adopt() -> None:
        asyncio.run(agreement.adopt(load_settings()))
        typer.echo(
            "The media key and the store of this machine are the house's now. Restart all its processes."
        )

    app.command("adopt", help="Let the media key and the store of this machine be the house's.")(adopt)
    app.command("api", help="Run the API alone.")(run_api)
    app.command("worker", help="Run one worker alone.")(run_worker)
    app.command("migrate", help="Bring the database to the newest revision.")(migrate)
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("settings")(show_settings)
    app.command("copy")(copy)
    app.add_typer(storage, name="storage")
    for room in reversed(product.ROOMS):
        if room.commands is not None:
            app.add_typer(room.commands, name=room.commands.info.name or room.name)


def main() -> None:
    """The console entry."""
    try:
        app = build(light=sys.argv[1:2] in [[name] for name in LIGHT])
        if sys.argv[1:2] != ["up"]:
            loading.done()
        app(prog_name="matinee")
    except BrokenPipeError:
        # Whoever read our output has enough; let nothing complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        sentence = foreseen(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 1))


if __name__ == "__main__":
    main()
