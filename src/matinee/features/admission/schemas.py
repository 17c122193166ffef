"""Values of admission that leave the room. A secret only in the answer that hands it out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from matinee.features.accounts.schemas import EmailText, LinkToken
from matinee.kernel.words import in_one_line, without_controls

Mode = Literal["open", "invitation", "approval", "closed"]
How = Literal["open", "invitation", "approval", "operator"]
Algorithm = Literal["scrypt-2048-8-1"]
ALGORITHM: Algorithm = "scrypt-2048-8-1"
ANSWERS = 4
"""Parts of a challenge: more parts of less work each take more alike."""
ANSWER_MOST = 1000
Answer = Annotated[
    str,
    Field(max_length=ANSWER_MOST, description="To the question of the operators."),
    BeforeValidator(without_controls),
]
Question = Annotated[str, Field(max_length=300), BeforeValidator(in_one_line)]
Note = Annotated[str, Field(max_length=80, description="Whom it is for."), BeforeValidator(in_one_line)]
Reason = Annotated[
    str, Field(min_length=1, max_length=300, description="Told to them."), BeforeValidator(in_one_line)
]


class Challenge(BaseModel):
    """Work for the computer of somebody who signs up. For each `i` below `answers` it looks for a number `n`, from 0
    on, so that the first four bytes of scrypt(password=`i:n`, salt=`salt` as ASCII, N=2048, r=8, p=1, 32 bytes), read
    as a big-endian number, are below 2³² / `tries`."""

    algorithm: Algorithm = ALGORITHM
    salt: Annotated[str, Field(min_length=22, max_length=22, pattern=r"^[A-Za-z0-9_-]{22}$")]
    answers: Annotated[int, Field(ge=1, le=16)] = ANSWERS
    tries: Annotated[int, Field(ge=1, le=100_000, description="That one answer takes on average.")]
    expires_at: AwareDatetime
    signature: Annotated[str, Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]


class Solved(Challenge):
    """A challenge as it was handed out, with its answers in order."""

    numbers: Annotated[list[Annotated[int, Field(ge=0, lt=1 << 31)]], Field(min_length=1, max_length=16)]


class Brought(BaseModel):
    """What somebody shows at the door. `invitation` is what stands behind the # of its link; it spares the work."""

    invitation: LinkToken | None = None
    work: Solved | None = None


class JoinLetterAsked(Brought):
    email: EmailText


class Doors(BaseModel):
    """Who may sign up, as everybody may know."""

    mode: Mode
    work: bool
    question: str


class PolicyWish(BaseModel):
    """`question` is asked of who applies; `invitations_per_member`: how many open ones a member may hold."""

    mode: Mode
    work: bool
    question: Question
    invitations_per_member: Annotated[int, Field(ge=0, le=100)]


class Policy(PolicyWish):
    """`fixed` names what is set where the house is started, and cannot be changed here."""

    fixed: list[Literal["mode", "work"]]
    changed_at: datetime | None
    waiting: int
    waiting_most: int


class Application(BaseModel):
    """One's own request. A refused one is erased, with the account, at `erased_at`."""

    state: Literal["waiting", "refused"]
    question: str
    answer: str
    asked_at: datetime
    decided_at: datetime | None
    reason: str | None
    erased_at: datetime | None


class Applicant(Application):
    """A request as operators see it."""

    account_id: UUID
    handle: str | None
    email: str


class Refusal(BaseModel):
    reason: Reason


class OwnInvitationWish(BaseModel):
    note: Note = ""


class InvitationWish(OwnInvitationWish):
    uses: Annotated[int, Field(ge=1, le=1000)] = 1
    days: Annotated[int, Field(ge=1, le=365)] = 30


class Invitation(BaseModel):
    """An invitation without its secret."""

    id: UUID
    note: str
    uses: int
    used: int
    created_at: datetime
    expires_at: datetime


class MadeInvitation(Invitation):
    """The only answer that holds the link."""

    link: str


class OwnInvitations(BaseModel):
    """Open ones, newest first, and who came by them. `most`: how many one may hold."""

    items: list[Invitation]
    joined: list[str]
    most: int


class HouseInvitation(Invitation):
    """`made_by` is a handle; null: made in the terminal."""

    made_by: str | None


class Invited(BaseModel):
    """Who came by whose invitation, as handles."""

    handle: str | None
    by: str | None
    at: datetime


class HouseInvitations(BaseModel):
    """Newest first, the last two hundred of each."""

    items: list[HouseInvitation]
    invited: list[Invited]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """By which door somebody comes in. It stands once `settle` has noted it for the account that was made."""

    how: How
    invitation_id: UUID | None = None
    question: str = ""
    answer: str = ""

    @property
    def waits(self) -> bool:
        return self.how == "approval"
