"""`matinee settings`: every setting, as it stands or as a reference for the documentation.

Reads only the settings classes, so that the reference cannot differ from the code. Never shows a secret.
"""

import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from matinee.infra.limits import LimitSettings
from matinee.kernel.settings import HOUSE_CONCERNS, Concern, is_secret

_HIDDEN = "••••"


def concerns() -> list[type[Concern]]:
    """The classes of the house, of its rooms and of the command, each once."""
    from matinee.entrypoints import product
    from matinee.entrypoints.cli.client import ClientSettings

    return list(dict.fromkeys([*HOUSE_CONCERNS, LimitSettings, *product.concerns(), ClientSettings]))


def variable(field: str) -> str:
    return f"MATINEE_{field.upper()}"


def secret_variables() -> set[str]:
    """Settings that may come from a file."""
    return {
        variable(name)
        for concern in concerns()
        for name, field in concern.model_fields.items()
        if is_secret(field)
    }


def markdown() -> str:
    """The reference as docs/reference/settings.md holds it."""
    lines = [
        "# Settings",
        "",
        "Each one is an environment variable, or a line `NAME=value` of a file `.env` in the folder where Matinee"
        " starts. The environment wins. Each *secret text* may also be a file of that name in the folder"
        " `MATINEE_SECRETS_DIR`, where neither holds it ([secrets](../guides/secrets.md)). This page is made from the"
        " code by `matinee settings --markdown`.",
        "",
    ]
    for concern in concerns():
        about = " ".join((concern.__doc__ or concern.__name__).split())
        heading = about.partition(". ")[0].rstrip(".").partition(":")[0]
        lines += [f"## {heading}", ""]
        if about.rstrip(".") != heading:
            lines += [about, ""]
        lines += ["| name | value | default | meaning |", "|---|---|---|---|"]
        for name, field in concern.model_fields.items():
            cells = [f"`{variable(name)}`", _kind(field), _default(field), field.description or ""]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def show(
    markdown_: Annotated[
        bool, typer.Option("--markdown", help="Print the reference for the documentation.")
    ] = False,
) -> None:
    """Every setting with its present value; secrets stay hidden."""
    if markdown_:
        typer.echo(markdown(), nl=False)
        return
    _note_that_they_were_shown()
    for concern in concerns():
        values = concern()
        for name, field in concern.model_fields.items():
            typer.echo(f"{variable(name)}={_shown(getattr(values, name))}")
            typer.echo(f"    {field.description}")


def _note_that_they_were_shown() -> None:
    from matinee.entrypoints.cli.noting import note
    from matinee.entrypoints.parts import load_settings

    try:
        settings = load_settings()
    except ValueError:
        return  # what is wrong with them is what the person wants to see
    note(settings, "settings.shown")


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return _HIDDEN if isinstance(value, SecretStr) else str(value)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(needed)"
    value = field.get_default(call_default_factory=True)
    return "" if value in (None, "") else f"`{_shown(value)}`"


def _kind(field: FieldInfo) -> str:
    words = _word(field.annotation)
    signs = (("≥", "ge"), (">", "gt"), ("≤", "le"), ("<", "lt"))
    bounds = [
        f"{sign} {getattr(rule, attribute)}"
        for rule in field.metadata
        for sign, attribute in signs
        if getattr(rule, attribute, None) is not None
    ]
    return ", ".join([words, *bounds])


def _word(kind: Any) -> str:
    if get_origin(kind) in (Union, types.UnionType):
        return _word(next(part for part in get_args(kind) if part is not type(None)))
    if get_origin(kind) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(kind))
    if get_origin(kind) is Annotated:
        return _word(get_args(kind)[0])
    names: dict[Any, str] = {
        int: "whole number", float: "number", bool: "`true` or `false`", str: "text", Path: "path",
        SecretStr: "secret text",
    }  # fmt: skip
    return names.get(kind, getattr(kind, "__name__", "text"))
