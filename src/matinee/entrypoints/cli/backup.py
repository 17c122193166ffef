"""`matinee backup` and `matinee restore`: database, stored files and keys of a house, hashed and verified.

The work is in `saving` and `restoring`; here are the words for the terminal. Never loads the house before it must.
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from matinee.kernel.errors import MatineeError

_PATH = typer.Argument(help="A folder, or a file that ends in .tar.", show_default=False)
_JSON = typer.Option("--json", help="Print one JSON object.")


def backup(path: Annotated[Path, _PATH], as_json: Annotated[bool, _JSON] = False) -> None:
    """Save database, stored files and keys, also while the house runs."""
    from matinee.entrypoints.cli.saving import save
    from matinee.entrypoints.parts import load_settings

    done = _run(as_json, lambda: save(load_settings(), path.absolute(), say=_speaker(as_json)))
    if as_json:
        typer.echo(json.dumps(done))
        return
    typer.echo(
        f"Backed up to {done['path']}: {done['rows']} rows in {done['tables']} tables, {done['blobs']} stored files "
        f"and {done['keys']} keys, {_size(done['bytes'])}. Every byte was read again and is as it was written."
    )
    if done["missing"]:
        typer.echo(
            f"{len(done['missing'])} stored files were deleted by the house meanwhile and are not in it."
        )
    typer.echo("Keep it secret: it holds the keys of the house and everything that people wrote.")


def restore(
    path: Annotated[Path, _PATH],
    force: Annotated[bool, typer.Option("--force", help="Replace what the house holds now.")] = False,
    end_tokens: Annotated[
        bool, typer.Option("--end-tokens", help="End the access of programs and devices, too.")
    ] = False,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Put a backup into this house, which must not be running. Everybody signs in again."""
    from matinee.entrypoints.cli.restoring import restore as put_back
    from matinee.entrypoints.parts import load_settings

    done = _run(
        as_json,
        lambda: put_back(
            load_settings(), path.absolute(), force=force, end_tokens=end_tokens, say=_speaker(as_json)
        ),
    )
    if as_json:
        typer.echo(json.dumps(done))
        return
    typer.echo(
        f"Restored {done['rows']} rows in {done['tables']} tables, {done['blobs']} stored files and "
        f"{done['keys']} keys of {done['made_at']}; the database is at revision {done['revision']}. "
        f"{'Sessions and tokens' if end_tokens else 'Sessions'} of then are ended: everybody signs in again. "
        "Start the house with `matinee up`."
    )
    if done["missing"]:
        typer.echo(
            f"{len(done['missing'])} stored files were deleted by the house while the backup was made."
        )


def _run(as_json: bool, work: Any) -> dict[str, Any]:
    from matinee.entrypoints.foreseen import foreseen

    os.umask(0o077)
    try:
        done: dict[str, Any] = work()
        return done
    except Exception as error:
        sentence = foreseen(error)
        if sentence is None or not as_json:
            raise
        code = error.code if isinstance(error, MatineeError) else "house.unavailable"
        typer.echo(json.dumps({"error": code, "detail": sentence}))
        raise typer.Exit(1) from None


def _speaker(as_json: bool) -> Any:
    """Stages go to a person's terminal only."""
    show = not as_json and sys.stderr.isatty()
    return (lambda stage: typer.echo(stage, err=True)) if show else (lambda _: None)


def _size(size_bytes: int) -> str:
    size = float(size_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
