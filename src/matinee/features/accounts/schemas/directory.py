"""Accounts as operators find them. Whoever may not manage accounts gets null for what is not theirs to know."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from matinee.features.accounts.schemas.account import AccountKind, AccountState
from matinee.features.accounts.schemas.factors import FactorKind
from matinee.features.accounts.schemas.sessions import SessionInfo
from matinee.features.accounts.schemas.standing import OwnStanding
from matinee.features.accounts.schemas.tokens import TokenList
from matinee.kernel.ids import AccountId

DirectoryOrder = Literal["joined", "seen"]


class Listed(BaseModel):
    """An account as the directory shows it. `standing` says why it is suspended or limited. It, `email`, `factors` and
    `seen_at` (to an hour; null for never) are null to who may not manage accounts; `email` is for services, too."""

    id: AccountId
    kind: AccountKind
    handle: str | None
    display_name: str | None
    email: str | None
    roles: list[str]
    state: AccountState
    standing: OwnStanding | None
    factors: list[FactorKind] | None
    created_at: datetime
    seen_at: datetime | None


class LookedUp(Listed):
    """`closed`: why whoever looks may change nothing about the account; null where they may. `pseudonym` is its name
    in the audit log; `sessions` and `tokens` are null to who may not manage accounts."""

    email_verified_at: datetime | None
    leaves_at: datetime | None
    closed: str | None
    pseudonym: UUID | None
    sessions: list[SessionInfo] | None
    tokens: TokenList | None
