"""Browsers that are signed in, and what their owner is told of. Never an address."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

NoticeKind = Literal[
    "session_copied",
    "codes_guessed",
    "code_again",
    "password_known",
    "factor_added",
    "factor_removed",
    "factors_reset",
    "passkey_copied",
    "recovery_code_used",
    "link_handed_out",
    "new_place",
    "looked_at",
    "token_ends",
]


class SessionInfo(BaseModel):
    """A browser that is signed in. `last_used_at` is exact to five minutes; `place` names a kind of network, with four
    letters that tell two networks apart."""

    id: UUID
    device: str
    place: str
    created_at: datetime
    last_used_at: datetime
    current: bool


class Notice(BaseModel):
    """`session_copied`: a token of a session was presented a second time, so the session was ended. `codes_guessed`:
    somebody who knows the password tried codes. `code_again`: a code of the app that had counted came again, and was
    refused. `password_known`: the password is in a list of leaked ones by now. `passkey_copied`: a passkey counted
    backwards, so it was refused. `new_place`: a sign-in from a device and place that were not seen together before.
    `looked_at`: an operator looked through the eyes of the account, for `reason`. Device and place are those of whoever
    did it."""

    id: UUID
    kind: NoticeKind
    device: str
    place: str
    at: datetime
    reason: str | None = None


class SessionList(BaseModel):
    """Last used first; notices newest first."""

    items: list[SessionInfo]
    notices: list[Notice]
