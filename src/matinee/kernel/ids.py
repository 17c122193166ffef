"""Names for things: one `NewType` of UUID per kind, made in time order (UUIDv7, RFC 9562).

Never carries meaning beyond identity: an id grants nothing.
"""

import os
import time
from typing import NewType
from uuid import UUID

AccountId = NewType("AccountId", UUID)
ProfileId = NewType("ProfileId", UUID)
UploadId = NewType("UploadId", UUID)
BlobId = NewType("BlobId", UUID)
VideoId = NewType("VideoId", UUID)
RenditionId = NewType("RenditionId", UUID)
StepId = NewType("StepId", UUID)


def new_id() -> UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 random bits. Sorts by creation within a millisecond."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return UUID(int=value)
