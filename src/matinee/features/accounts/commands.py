"""`matinee audit …`: what was done in this house, from the terminal of the house itself. Holds no logic."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from matinee.features.accounts import service
from matinee.features.accounts.schemas import AuditEntry, AuditPerson, AuditVerdict
from matinee.infra.terminal import in_house, say_table
from matinee.infra.work import Work
from matinee.kernel.words import shown

commands = typer.Typer(name="audit", help="What was done here: list, verify, export.", no_args_is_help=True)
_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
_PAGE = 200
ActOption = Annotated[
    str | None, typer.Option("--act", help="One act, such as token.made, or `token.` for all about tokens.")
]
PersonOption = Annotated[
    str | None, typer.Option("--person", help="By or about this handle, email or pseudonym.")
]
SinceOption = Annotated[datetime | None, typer.Option(formats=_FORMATS, help="From then on, in UTC.")]
UntilOption = Annotated[datetime | None, typer.Option(formats=_FORMATS, help="Before then, in UTC.")]


@commands.command("ls")
def list_entries(
    context: typer.Context,
    act: ActOption = None,
    person: PersonOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
) -> None:
    """Entries, newest first."""
    table = Table("no.", "when (UTC)", "act", "by", "about", "what", box=None, pad_edge=False)

    def show(entry: AuditEntry) -> None:
        what = {**entry.facts, **(entry.words or {})}
        table.add_row(
            "–" if entry.seq is None else str(entry.seq),
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.act,
            _name(entry.by) or entry.via,
            _name(entry.about),
            ", ".join(f"{name} {_plain(value)}" for name, value in what.items()),
        )

    in_house(context, lambda work: _each(work, act, person, since, until, limit, show))
    if table.row_count:
        say_table(table)
    else:
        typer.echo("Nothing was written down that fits.")


@commands.command()
def export(
    context: typer.Context,
    act: ActOption = None,
    person: PersonOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """All entries as lines of JSON, newest first, to keep elsewhere."""

    def show(entry: AuditEntry) -> None:
        sys.stdout.write(json.dumps(entry.model_dump(mode="json"), ensure_ascii=False) + "\n")

    in_house(context, lambda work: _each(work, act, person, since, until, None, show))


@commands.command()
def verify(
    context: typer.Context,
    expect: Annotated[
        str | None, typer.Option(metavar="SEQ:DIGEST", help="An end that was noted elsewhere before.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Walk the whole chain. Exit 0: whole. 1: changed, cut or reordered. 2: whole as far as can be told here."""
    noted = None if expect is None else _noted(expect)
    found: list[AuditVerdict] = []

    async def run(work: Work) -> None:
        found.append(await service.verify_audit(work, expect=noted))

    in_house(context, run)
    verdict = found[0]
    if as_json:
        typer.echo(json.dumps(asdict(verdict)))
    else:
        for fault in verdict.faults:
            typer.echo(fault)
        for note in verdict.notes:
            typer.echo(f"Note: {note}")
        if verdict.intact:
            typer.echo(
                f"{verdict.entries} entries, each as it was written; {verdict.waiting} wait for their place."
            )
            typer.echo(f"To compare later: --expect {verdict.last}:{verdict.digest}")
    raise typer.Exit(1 if verdict.faults else 2 if verdict.notes else 0)


async def _each(
    work: Work,
    act: str | None,
    person: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    show: Callable[[AuditEntry], None],
) -> None:
    cursor, left = None, limit
    while left is None or left > 0:
        page = await service.audit_log(
            work,
            act=act,
            person=person,
            since=_utc(since),
            until=_utc(until),
            cursor=cursor,
            limit=_PAGE if left is None else min(left, _PAGE),
        )
        for entry in page.items:
            show(entry)
        left = None if left is None else left - len(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _noted(text: str) -> tuple[int, str]:
    seq, _, digest = text.partition(":")
    if not (seq.isascii() and seq.isdigit() and len(digest) == 64):
        raise typer.BadParameter("write SEQ:DIGEST as verify printed it", param_hint="--expect")
    return int(seq), digest.lower()


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _name(person: AuditPerson | None) -> str:
    if person is None:
        return ""
    return f"@{person.handle}" if person.handle else f"{str(person.pseudonym)[:8]} (gone)"


def _plain(value: object) -> str:
    return shown("+".join(value) if isinstance(value, list) else str(value))
