"""`matinee storage cors`: lets the pages of this house send uploads to its bucket. Changes no rule of others."""

import asyncio
from typing import Annotated

import typer

from matinee.entrypoints.cli.client import origin
from matinee.kernel.errors import Invalid, Unavailable


def cors(
    origins: Annotated[
        list[str] | None,
        typer.Option("--origin", help="Where pages come from. Default: that of MATINEE_PUBLIC_URL."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the rule and write nothing.")] = False,
) -> None:
    """Write the rule that uploads straight to the bucket need (MATINEE_S3_DIRECT_UPLOADS). May be said again."""
    from matinee.entrypoints.parts import load_settings
    from matinee.kernel.settings import StorageSettings

    settings = load_settings()
    knobs = settings.of(StorageSettings)
    pages = sorted({origin(page) for page in origins or [settings.house.address]})
    if knobs.storage != "s3":
        raise Invalid("The bytes of this house are in a folder (MATINEE_STORAGE=local): there is no bucket.")
    from matinee.infra.storage import s3_cors
    from matinee.infra.storage.s3 import S3Storage

    if show:
        typer.echo(s3_cors.rule_as_json(pages))
        return

    async def write() -> bool:
        async with S3Storage(knobs).multipart() as multipart:
            return await s3_cors.allow_pages(multipart, pages)

    try:
        written = asyncio.run(write())
    except Unavailable as error:
        typer.echo("If the store takes no rules this way, give it this one by its own:", err=True)
        typer.echo(s3_cors.rule_as_json(pages), err=True)
        raise Unavailable(f"The rule is not written. {error.detail}") from None
    could = "may send uploads to" if written else "could already send uploads to"
    typer.echo(f"Pages of {', '.join(pages)} {could} bucket {knobs.s3_bucket}.")
    if not knobs.s3_direct_uploads:
        typer.echo("They do so with MATINEE_S3_DIRECT_UPLOADS=true.")
