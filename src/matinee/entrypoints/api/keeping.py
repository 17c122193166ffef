"""`/api/v1/privacy`: what this house keeps about people and for how long, as its rooms declare it.

Never says anything about a person: it is the same for everybody.
"""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from matinee.entrypoints.parts import Parts
from matinee.features.accounts import service as accounts
from matinee.features.privacy import service as privacy
from matinee.infra.http import needs
from matinee.infra.room import Room, SeenBy
from matinee.infra.work import Work
from matinee.kernel.settings import Settings

router = APIRouter(prefix="/api/v1/privacy", tags=["privacy"])
_NOBODYS = "about no person."


class Kept(BaseModel):
    """Something that is kept, and what it holds. `seen_by`: `operators` are you and who runs the house, `chosen` also
    whom you show it to."""

    about: str
    fields: list[str]
    seen_by: SeenBy


class KeptByRoom(BaseModel):
    """One part of the house. `given`: what a copy of your data holds; `besides`: what it does not, and what that is."""

    name: str
    how_long: str
    given: list[Kept]
    besides: list[str]


class Keeping(BaseModel):
    """`leaving_days`: until everything is erased, once somebody left."""

    rooms: list[KeptByRoom]
    leaving_days: int


@router.get("")
async def keeping(request: Request, work: Work = needs(privacy.READ)) -> Keeping:
    """What this house keeps about people, for how long, and who sees it."""
    parts: Parts = request.app.state.parts
    return Keeping(
        rooms=list(_rooms(parts)),
        leaving_days=work.settings(accounts.LeavingSettings).leaving_days,
    )


def _rooms(parts: Parts) -> Iterator[KeptByRoom]:
    """Lowest row first: it begins with the account."""
    for room in reversed(parts.rooms):
        besides = [
            in_words(about, parts.settings)
            for about in room.untold.values()
            if not about.lower().endswith(_NOBODYS)
        ]
        if room.told or besides:
            yield KeptByRoom(
                name=room.name,
                how_long=in_words(room.retention, parts.settings),
                given=_given(room, parts.settings),
                besides=besides,
            )


def _given(room: Room, settings: Settings) -> list[Kept]:
    return [
        Kept(
            about=in_words(told.about, settings),
            fields=[in_words(field, settings) for field in told.fields.values()],
            seen_by=told.seen_by,
        )
        for told in room.told
    ]


def in_words(text: str, settings: Settings) -> str:
    """Names of settings in it become what they say here."""
    return re.sub(r"MATINEE_([A-Z]+(?:_[A-Z]+)*)", lambda found: _said(found[1].lower(), settings), text)


def _said(field: str, settings: Settings) -> str:
    for concern in settings.all:
        known: Any = type(concern).model_fields.get(field)
        if known is None:
            continue
        value = getattr(concern, field)
        if value == 0 and "for ever" in (known.description or ""):
            return "ever"
        unit = "" if not field.endswith("_days") else " day" if value == 1 else " days"
        return f"{value:g}{unit}"
    raise LookupError(f"There is no setting {field}.")
