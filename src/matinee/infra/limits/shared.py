"""Buckets that all processes of a house draw from, kept in the database.

A process takes a handful of tokens and spends them in memory, so few requests cost a query, and none beyond the limit
passes, however many processes there are: tokens are taken before they are spent. What a process still holds when its
handful ends is lost to its owner, at most a twentieth of the bucket. Who was refused is refused from memory until a
token is there again. While the database does not answer, each process counts for itself. Whose a bucket is cannot be
told from its row: its name is a hash under a secret of the house.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy import BigInteger, DateTime, LargeBinary, delete, func, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base, Database
from matinee.infra.limits.buckets import KEYS_MOST, Limit, Memory, Standing

log = structlog.get_logger(__name__)
HELD_S = 5.0
SHARE = 20
"""A process holds at most this part of a bucket."""

# Old values count in all of these expressions, and the row is locked: side by side, each finds what the other left.
_TAKE = text(
    """
    INSERT INTO infra_bucket AS b (key, full_at, granted)
    VALUES (:key, now() + make_interval(secs => :wanted * :step_s), :wanted)
    ON CONFLICT (key) DO UPDATE SET
      granted = greatest(0, least(:wanted, floor(
        (:window_s - extract(epoch FROM greatest(b.full_at, now()) - now())) / :step_s + 1e-6))),
      full_at = greatest(b.full_at, now()) + make_interval(secs => :step_s * greatest(0, least(:wanted, floor(
        (:window_s - extract(epoch FROM greatest(b.full_at, now()) - now())) / :step_s + 1e-6))))
    RETURNING granted, extract(epoch FROM full_at - now())::float8 AS full_in_s
    """
)


class BucketRow(Base):
    """Full again at `full_at`; `granted` tokens were taken last. The server does not log it: after a crash all are
    full."""

    __tablename__ = "infra_bucket"
    __table_args__ = {"prefixes": ["UNLOGGED"]}

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    full_at: Mapped[object] = mapped_column(DateTime(timezone=True))
    granted: Mapped[int] = mapped_column(BigInteger)


@dataclass(slots=True)
class _Hand:
    """What this process holds of one bucket: `tokens` until `ends_at`. It asks for `next_share` when they are spent;
    before `refused_until` it need not ask."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    tokens: int = 0
    ends_at: float = 0.0
    next_share: int = 1
    refused_until: float = 0.0
    full_at: float = 0.0

    def holds(self, now: float) -> bool:
        return self.tokens > 0 and now < self.ends_at

    def knows(self, now: float) -> bool:
        """Whether there is an answer without the database."""
        return now < self.refused_until or self.holds(now)


class Shared:
    """The buckets of a house, as one process sees them. `secret` gives what all its processes share."""

    def __init__(self, database: Database, secret: Callable[[], bytes] | None = None) -> None:
        self.secret = secret
        self._database = database
        self._alone = Memory(time.monotonic)
        self._hands: dict[bytes, _Hand] = {}

    async def take(self, limit: Limit, key: str) -> Standing:
        """One token, if there is one."""
        name = self._named(f"{limit.name}:{key}")
        hand = self._hands.get(name)
        if hand is None:
            if len(self._hands) >= KEYS_MOST:
                self._forget()
            hand = self._hands[name] = _Hand()
        while True:
            now = time.monotonic()
            if now < hand.refused_until:
                return _standing(limit, hand, now, wait_s=hand.refused_until - now)
            if hand.holds(now):
                hand.tokens -= 1
                return _standing(limit, hand, now)
            async with hand.lock:
                if not hand.knows(time.monotonic()) and not await self._ask(limit, name, hand):
                    return self._alone.take(limit, key)

    def _named(self, plain: str) -> bytes:
        """There are few addresses: under no secret, or one of its own, each could be tried."""
        assert self.secret is not None
        key = hmac.digest(self.secret(), b"matinee buckets", "sha256")
        return hashlib.blake2b(plain.encode(), digest_size=16, key=key).digest()

    async def _ask(self, limit: Limit, name: bytes, hand: _Hand) -> bool:
        now = time.monotonic()
        again = now - hand.ends_at < HELD_S  # spent, or nearly, before it ended
        wanted = min(hand.next_share if again else 1, max(1, limit.most // SHARE))
        try:
            async with self._database.session(reading=True) as session:
                knobs = {"key": name, "wanted": wanted, "step_s": limit.step_s, "window_s": limit.window_s}
                row = (await session.execute(_TAKE, knobs)).one()
        except (SQLAlchemyError, TimeoutError) as error:
            log.warning("limits.alone", error=type(error).__name__)
            return False
        hand.tokens = int(row.granted)
        hand.ends_at = now + HELD_S
        hand.next_share = wanted * 2
        hand.full_at = now + row.full_in_s
        if not hand.tokens:
            hand.refused_until = now + max(row.full_in_s + limit.step_s - limit.window_s, 0.001)
        return True

    def _forget(self) -> None:
        """Hands that hold nothing and refuse nobody; should all be in use, everything: the database knows."""
        now = time.monotonic()
        kept = {name: hand for name, hand in self._hands.items() if hand.knows(now)}
        self._hands = kept if len(kept) < KEYS_MOST else {}


def _standing(limit: Limit, hand: _Hand, now: float, wait_s: float | None = None) -> Standing:
    full_in_s = max(0.0, hand.full_at - now)
    left = hand.tokens + max(0, int((limit.window_s - full_in_s) / limit.step_s + 1e-6))
    return Standing(limit, 0 if wait_s else min(left, limit.most), full_in_s, wait_s)


async def prune(session: AsyncSession) -> None:
    """Forget buckets that are full."""
    await session.execute(delete(BucketRow).where(BucketRow.full_at < func.now()))
