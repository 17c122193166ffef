"""`matinee mail`: whether letters leave this house."""

import asyncio
from typing import Annotated

import typer

from matinee.kernel.errors import Invalid

app = typer.Typer(help="Letters to people.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Letters to people."""


@app.command()
def test(to: Annotated[str, typer.Argument(help="Who gets it, such as you@films.example.")]) -> None:
    """Send one letter to TO, and say what came of it. The house need not run."""
    from matinee.infra.mail.opening import open_mailer, place_of
    from matinee.infra.mail.trial import trial
    from matinee.kernel.settings import MailSettings, Settings

    settings = Settings.load()
    knobs = settings.of(MailSettings)
    mailer = open_mailer(knobs)
    if not mailer.can_send:
        raise Invalid(
            "This house sends no mail: set MATINEE_MAIL, such as smtps://USER:PASSWORD@mail.example."
        )
    asyncio.run(mailer.send(trial(to, settings.house.address)))
    typer.echo(f"Handed over ({place_of(knobs)}). Look into the mailbox of {to}, among unwanted mail too.")
