"""What happened at the doors."""

from dataclasses import dataclass

from matinee.kernel.ids import AccountId
from matinee.kernel.message import Fact, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAdmitted(Fact):
    """Somebody who waited was let in."""

    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class TidyDoors(Order):
    """Erase who was refused a week ago; forget invitations and challenges whose time is over."""
