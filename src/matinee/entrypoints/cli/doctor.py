"""`matinee doctor`: looks at everything that the house needs, up or down, and says how to mend what is wrong.

Never mends anything itself, and never fails as a whole because one check does.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from matinee.entrypoints.cli import checks_machine
from matinee.entrypoints.cli.finding import Finding

_SIGNS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}
_REINSTALL = "Run `make run` again: it installs what is missing."


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Check everything that Matinee needs here, and say how to mend what is wrong."""
    findings = list(examine())
    failed = any(finding.state == "fail" for finding in findings)
    if as_json:
        rows = [{"check": f.name, "state": f.state, "said": f.said, "mend": f.mend or None} for f in findings]
        typer.echo(json.dumps({"ok": not failed, "checks": rows}, ensure_ascii=False))
    else:
        for line in map(_line, findings):
            typer.echo(line)
    raise typer.Exit(1 if failed else 0)


def _line(finding: Finding) -> str:
    said = f"{_SIGNS[finding.state]}  {finding.name:<12} {finding.said}"
    return f"{said} → {finding.mend}" if finding.mend else said


def examine() -> Iterator[Finding]:
    """All findings, in the order in which a person would mend them."""
    yield from _guarded("python", lambda: [checks_machine.python()])
    yield from _guarded("parser", checks_machine.parsers)
    try:
        from matinee.entrypoints.cli.settings_reference import concerns, variable

        classes = concerns()
    except Exception as error:  # whatever a broken installation raises
        yield Finding.fail("house", f"Its parts cannot be loaded: {_said(error)}", _REINSTALL)
        return
    known = {variable(name) for concern in classes for name in concern.model_fields}
    env_file = Path(".env").absolute()
    yield from _guarded("settings", lambda: checks_machine.unknown_settings(known, os.environ, env_file))
    try:
        from matinee.entrypoints.parts import load_settings

        settings = load_settings()
    except Exception as error:
        for sentence in _said(error).splitlines():
            yield Finding.fail(
                "settings", sentence, "Correct it in the environment or .env: see `matinee settings`."
            )
        return
    yield from _with(settings, env_file)


def _with(settings: Any, env_file: Path) -> Iterator[Finding]:
    from matinee.entrypoints.cli import checks_direct, checks_house, checks_operator, checks_scanner
    from matinee.entrypoints.cli.settings_reference import secret_variables
    from matinee.entrypoints.strength import weak_secrets
    from matinee.features.files.service import FilesSettings
    from matinee.kernel.settings import DatabaseSettings

    house = settings.house
    chosen = next(c.ffmpeg for c in settings.all if "ffmpeg" in type(c).model_fields)
    reserve_bytes = settings.of(FilesSettings).disk_reserve_bytes
    alone = settings.of(DatabaseSettings).database_url is None
    found = checks_house.presence(house)
    checks: list[tuple[str, Callable[[], Iterable[Finding]]]] = [
        ("ffmpeg", lambda: checks_machine.ffmpeg(chosen)),
        ("data folder", lambda: [checks_machine.data_folder(house)]),
        ("disk", lambda: [checks_machine.disk(house, reserve_bytes)]),
        ("secrets", lambda: checks_machine.secrets(house, weak_secrets(settings))),
        ("secrets", lambda: checks_machine.handed_secrets(house, secret_variables(), os.environ, env_file)),
        ("storage", lambda: checks_house.storage(settings)),
        ("direct uploads", lambda: checks_direct.direct(settings)),
        ("scanner", lambda: checks_scanner.scanner(settings)),
        ("mail", lambda: checks_house.mail(settings)),
        ("web client", lambda: [checks_machine.web_build(house, alone=alone)]),
        ("proxy", lambda: checks_machine.proxy(house)),
        ("house", lambda: checks_house.house(found, house, alone=alone)),
        ("database", lambda: checks_house.database(settings, found)),
        ("first steps", lambda: checks_operator.operator(settings)),
    ]
    for name, check in checks:
        yield from _guarded(name, check)


def _guarded(name: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """A check that breaks is a finding of its own."""
    try:
        yield from check()
    except Exception as error:
        yield Finding.fail(name, f"This could not be looked at: {_said(error)}", _REINSTALL)


def _said(error: Exception) -> str:
    from matinee.entrypoints.foreseen import foreseen

    return foreseen(error) or f"{type(error).__name__}: {error}"
