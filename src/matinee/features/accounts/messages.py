"""What happened to accounts. Never carries an account's id where it would outlive the account."""

from dataclasses import dataclass
from uuid import UUID

from matinee.kernel.ids import AccountId
from matinee.kernel.message import Fact, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLeaving(Fact):
    """A person asked to be erased. `erasure_id` stands for the account until its row is gone."""

    erasure_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStays(Fact):
    """A person who was leaving took it back."""

    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneAccess(Order):
    """Remove what has ended: sessions, devices, letters, counters, keys, notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteLetter(Order):
    """Write a letter that was asked for, and send it. Carries neither address nor secret."""

    letter_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TellOwner(Order):
    """Write the letter of a notice, where the house has mail."""

    notice_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRefusals(Order):
    """Write down the refused sign-ins that were only counted so far."""
