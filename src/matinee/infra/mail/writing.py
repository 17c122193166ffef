"""Writes a letter from what it has to say: one layout in plain text and one in HTML, always with the same words."""

from dataclasses import dataclass
from functools import cache
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from matinee.infra.mail.port import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Paragraphs before and after the one thing to do: a `button` (label, address) or a `code` to type."""

    subject: str
    lines: tuple[str, ...]
    button: tuple[str, str] | None = None
    code: str | None = None
    after: tuple[str, ...] = ()


def write(
    words: Words, *, id: UUID, to: str, house: str, address: str, unsubscribe: str | None = None
) -> Letter:
    """`house` is the sender's name for people, `address` where it lives."""
    values = {"words": words, "house": house, "address": address, "unsubscribe": unsubscribe}
    return Letter(
        id=id,
        to=to,
        subject=" ".join(words.subject.split())[:200],
        text=_template("letter.txt").render(values),
        html=_template("letter.html").render(values),
        unsubscribe=unsubscribe,
    )


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("matinee.infra.mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
