"""Values of privacy that leave the room."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from matinee.infra.storage.port import Stored
from matinee.kernel.ids import AccountId

CopyState = Literal["waiting", "making", "ready", "failed", "over"]


class Copy(BaseModel):
    """A copy of everything about a person. `waiting` and `making` become `ready` or `failed`; after `ends_at`, or when
    its person wants it no more, it is `over`: its bytes are gone."""

    id: UUID
    state: CopyState
    films: bool
    size_bytes: int | None
    asked_at: datetime
    ready_at: datetime | None
    ends_at: datetime | None


class Copies(BaseModel):
    """Newest first. `days`: how long one can be fetched; `per_day`: how many one may ask for in 24 hours."""

    items: list[Copy]
    days: int
    per_day: int


class CopyWish(BaseModel):
    """`films`: with the files that one uploaded."""

    films: bool = False


class CopyAddress(BaseModel):
    address: str


@dataclass(frozen=True, slots=True)
class StoredCopy:
    stored: Stored
    filename: str


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """What a worker needs to make one: it writes the growing part `part` and seals it under `key`."""

    account_id: AccountId
    films: bool
    part: str
    key: str
    most_bytes: int
