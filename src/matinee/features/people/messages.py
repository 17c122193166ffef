"""What people order of themselves."""

from dataclasses import dataclass

from matinee.kernel.message import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeHandles(Order):
    """Forget old handles that are kept for nobody any more."""
