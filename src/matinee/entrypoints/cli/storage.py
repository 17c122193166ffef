"""`matinee storage …`: moves the bytes of a house, says what they are, and sweeps what nobody knows.

The work is in `migrating` and in the rooms; here are the words for the terminal. Never loads the house before it must.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from matinee.entrypoints.cli.storage_cors import cors
from matinee.features.files.service import size_in_words
from matinee.infra.terminal import say_table
from matinee.kernel.errors import MatineeError

if TYPE_CHECKING:
    from matinee.entrypoints.cli.migrating import Moved
    from matinee.features.admin.schemas import StorageReport
    from matinee.features.files.schemas import Swept

commands = typer.Typer(name="storage", help="Stored bytes: move, report, sweep, rules.", no_args_is_help=True)
commands.command()(cors)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@commands.command()
def migrate(
    to: Annotated[str, typer.Option(help="Where the bytes shall be: s3 or local. They come from the other.")],
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Values that are copied side by side.")] = 8,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    remove_source: Annotated[
        bool,
        typer.Option("--remove-source", help="After the switch: compare all bytes, remove the old ones."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Copy all stored bytes into a bucket, or out of it. The same command again goes on where it stopped."""
    from matinee.entrypoints.cli import migrating
    from matinee.entrypoints.cli.noting import note
    from matinee.entrypoints.parts import load_settings

    if to not in ("s3", "local"):
        raise typer.BadParameter("s3 or local", param_hint="--to")
    settings = load_settings()
    way = migrating.Way.to(settings, cast(Literal["local", "s3"], to))
    run = migrating.remove_source if remove_source else migrating.migrate
    bars = Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeRemainingColumn(), console=Console(stderr=True), disable=as_json or not sys.stderr.isatty(),
    )  # fmt: skip
    try:
        with bars:
            task = bars.add_task("comparing" if remove_source else "copying", total=None)
            done = asyncio.run(
                run(
                    way,
                    jobs=jobs,
                    dry_run=dry_run,
                    show=lambda size: bars.advance(task, size),
                    begin=lambda size: bars.update(task, total=size),
                )
            )
    except MatineeError as error:
        if as_json:
            typer.echo(json.dumps({"error": error.code, "detail": error.detail}))
            raise typer.Exit(1) from None
        raise
    if not dry_run:
        note(settings, "storage.migrated", to=to, copied=done.copied, removed=done.removed)
    if as_json:
        typer.echo(json.dumps(done.as_json()))
    else:
        for line in _told(done, way.source_in_use, to, remove_source=remove_source):
            typer.echo(line)
    raise typer.Exit(1 if done.wrong else 0)


@commands.command()
def report(context: typer.Context, as_json: Json = False) -> None:
    """Where the bytes are: by room, kind, rendition, age and account."""
    from matinee.features.admin import service as admin

    async def run() -> "StorageReport":
        async with context.obj() as works, works.open(reading=True) as work:
            return await admin.storage_report(work)

    found = asyncio.run(run())
    if as_json:
        typer.echo(found.model_dump_json())
        return
    typer.echo(
        f"{size_in_words(found.stored_bytes)} are stored: originals {size_in_words(found.originals_bytes)},"
    )
    typer.echo(
        f"generated {size_in_words(found.generated_bytes)}, unfinished {size_in_words(found.unfinished_bytes)},"
        f" less {size_in_words(found.shared_bytes)} of identical originals."
    )
    for title, rows in (
        ("room", found.rooms), ("kind", found.kinds), ("rendition", found.renditions), ("kept for", found.ages),
    ):  # fmt: skip
        table = Table(title, "bytes", "files", box=None, pad_edge=False)
        for row in rows:
            table.add_row(row.name, size_in_words(row.size_bytes), str(row.files))
        say_table(table)
    accounts = Table("account", "originals", "generated", box=None, pad_edge=False)
    for account in found.accounts:
        accounts.add_row(
            account.handle or str(account.account_id),
            size_in_words(account.originals_bytes),
            size_in_words(account.generated_bytes),
        )
    say_table(accounts)


@commands.command()
def sweep(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even where it is most of the store.")] = False,
    as_json: Json = False,
) -> None:
    """Remove stored bytes that nothing records and that are older than a day, as the house does every night."""
    from matinee.features.files import service as files

    async def run() -> "Swept":
        async with context.obj() as works, works.open() as work:
            return await files.sweep_orphans(work, dry_run=dry_run, force=force)

    swept = asyncio.run(run())
    if as_json:
        typer.echo(json.dumps(asdict(swept)))
    else:
        typer.echo(
            f"{swept.known} recorded, {swept.orphans} orphans with {size_in_words(swept.orphan_bytes)}, {swept.young}"
            f" too young to tell, {swept.strange} strange keys left alone; {swept.removed} removed,"
            f" {swept.shared} identical files stored once."
        )
        if swept.refused:
            typer.echo(swept.refused, err=True)
    raise typer.Exit(1 if swept.refused else 0)


def _told(done: "Moved", in_use: bool, to: str, *, remove_source: bool) -> list[str]:
    if remove_source:
        equal = done.values - len(done.wrong)
        word = "Would remove" if done.dry_run else "Removed"
        lines = [f"{word} from {done.source}: {equal} of {done.values} values."]
        if done.wrong:
            lines.append(f"{len(done.wrong)} differ and were kept, such as {min(done.wrong)}.")
        return lines
    lines = [
        f"{'Would copy' if done.dry_run else 'Copied and verified'} {done.copied} values,"
        f" {size_in_words(done.copied_bytes)}, from {done.source} to {done.target};"
        f" {done.there_already} of {done.values} were there already."
    ]
    if done.gone:
        lines.append(f"{done.gone} were deleted by the house meanwhile.")
    if done.unfinished:
        lines.append(f"{done.unfinished} unfinished uploads stay behind: their senders begin them again.")
    if in_use and not done.dry_run:
        lines += [
            f"To switch: set MATINEE_STORAGE={to} on every machine and restart all processes; then run this again,"
            " which brings what came meanwhile. When that copies nothing more, --remove-source compares all bytes and"
            " removes the old ones."
        ]
    return lines
