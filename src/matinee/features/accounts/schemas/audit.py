"""What was done, and how whole its chain is. Never a name or a title among the facts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from matinee.kernel.actor import Via

AuditFact = str | int | bool | list[str]


class OwnAct(BaseModel):
    """Something that was done with your account, or by you. `who` is `you`, `operator` for somebody who runs the
    house, `house` for its own command and jobs, `nobody` for somebody who was not signed in."""

    id: UUID
    at: datetime
    act: str
    who: Literal["you", "operator", "house", "nobody"]
    facts: dict[str, AuditFact]
    words: dict[str, AuditFact]


class AuditPerson(BaseModel):
    """`handle` is null once the account is gone: then nothing leads from the pseudonym to the person."""

    pseudonym: UUID
    handle: str | None


class AuditEntry(BaseModel):
    """Something that was done. `seq` is its place in the chain, null for a second or two; `facts` stay, `words` can be
    read as long as the account that they are about stands."""

    id: UUID
    seq: int | None
    at: datetime
    act: str
    by: AuditPerson | None
    via: Via
    about: AuditPerson | None
    facts: dict[str, AuditFact]
    words: dict[str, AuditFact] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """What a walk along the whole chain found. `notes` are what cannot be told from here; they are no faults."""

    intact: bool
    entries: int
    first: int
    last: int
    digest: str
    waiting: int
    faults: list[str]
    notes: list[str]
