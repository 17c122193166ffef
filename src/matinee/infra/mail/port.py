"""What a letter is and what every carrier promises. Never decides who gets one."""

import re
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from matinee.kernel.errors import Invalid

_MOST_BYTES = 200_000


class LetterRefused(Invalid):
    """The carrier will never take this letter: trying again is of no use."""

    code = "mail.refused"
    sentence = "The mail server refuses this letter."


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter to one person. `id` names it in every try, so that a mailbox may know a second copy. `unsubscribe` is
    an https address that ends such letters by one POST (RFC 8058); only what nobody has to get carries one."""

    id: UUID
    to: str
    subject: str
    text: str
    html: str
    unsubscribe: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^\s<>@,;:\"()\[\]\\]{1,64}@[^\s<>@,;:\"()\[\]\\]{1,190}", self.to):
            raise LetterRefused("This is no address that a letter can go to.")
        if not 0 < len(self.subject) <= 200 or not self.subject.isprintable():
            raise LetterRefused("A letter needs a subject of one line, of at most 200 characters.")
        if len(self.text.encode()) + len(self.html.encode()) > _MOST_BYTES:
            raise LetterRefused("This letter is too long.")


class Mailer(Protocol):
    """A way out of the house."""

    @property
    def can_send(self) -> bool:
        """False where the house has no mail."""

    async def send(self, letter: Letter) -> None:
        """Hand the letter over. Raises `LetterRefused` when no later try can do better, else `Unavailable`.

        A try that broke off may have delivered it: the next brings a second copy under the same Message-ID.
        """

    async def check(self) -> None:
        """Reach the carrier and prove who we are, without a letter. Raises `Unavailable`."""
