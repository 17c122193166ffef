"""One page of a list, with an opaque cursor to the next. Never an offset: lists move while they are read."""

import base64
import binascii
import json
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from matinee.kernel.errors import Invalid

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """`next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None


def encode_cursor(at: datetime, id: UUID) -> str:
    """Keyset position after the row (at, id)."""
    raw = json.dumps([at.isoformat(), str(id)]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The inverse of `encode_cursor`. Raises `Invalid` on anything else."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        at, id = json.loads(raw)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        return moment, UUID(id)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise Invalid("This cursor is not one of ours; start from the first page.") from None
