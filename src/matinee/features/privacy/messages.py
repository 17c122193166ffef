"""What privacy orders. Never names a person."""

from dataclasses import dataclass
from uuid import UUID

from matinee.kernel.message import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeCopy(Order):
    """Write the copy that was asked for under this id."""

    copy_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCopies(Order):
    """Remove copies whose days are over."""
