"""`matinee account rotate-keys` and `reseal`: the house's own keys and secrets. Holds no logic."""

from pathlib import Path
from typing import Annotated

import typer

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import Resealed
from matinee.features.people.commands.account import app
from matinee.infra.terminal import in_house
from matinee.infra.work import Work


@app.command("rotate-keys")
def rotate_keys(
    ctx: typer.Context,
    at_once: Annotated[
        bool,
        typer.Option("--at-once", help="The present keys leaked: forget them now. Nobody is signed out."),
    ] = False,
) -> None:
    """Make the next key that signs access tokens; it signs in ten minutes, once everybody knows it."""

    async def run(work: Work) -> None:
        await accounts.rotate_keys(work, at_once=at_once)

    in_house(ctx, run)
    typer.echo(
        "The new key signs now; all others are forgotten." if at_once else "The new key signs in ten minutes."
    )


@app.command()
def reseal(
    ctx: typer.Context,
    from_secret: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="File with the former secret. Default: it is asked for."
        ),
    ] = None,
) -> None:
    """After MATINEE_SECRET was replaced: seal secrets of apps and signing keys anew under the present one."""
    if from_secret is not None:
        try:
            former = from_secret.read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            raise typer.BadParameter("no text in UTF-8", param_hint="--from-secret") from None
    else:
        former = str(typer.prompt("Former secret", hide_input=True)).strip()

    async def run(work: Work) -> None:
        done.append(await accounts.reseal(work, former.encode()))

    done: list[Resealed] = []
    in_house(ctx, run)
    typer.echo(f"Sealed anew: {done[0].apps} apps, {done[0].keys} signing keys.")
    if done[0].left:
        typer.echo(
            f"{done[0].left} apps were sealed under yet another secret, and stay as they are.", err=True
        )
        raise typer.Exit(2)
