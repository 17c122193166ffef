"""Which bucket a request draws from, and what it is told about it. Refuses before anything is read of a body."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from starlette.types import Scope

from matinee.infra.limits.buckets import Limit, Memory, Standing
from matinee.infra.limits.narrow import Narrow
from matinee.infra.limits.settings import LimitSettings
from matinee.infra.limits.shared import Shared
from matinee.infra.telemetry import LIMITED
from matinee.infra.work import Works
from matinee.kernel.actor import Actor
from matinee.kernel.errors import TooMany
from matinee.kernel.network import is_this_machine, network_of

Class = Literal["read", "write", "upload", "sign_in", "media"]
_STATE = "limits"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FREE = ("/health/live", "/metrics", "/assets/", "/.well-known/")
"""What monitors, browsers and proxies fetch: cheap, and no use to anybody who asks often."""
_PIECES = "/api/v1/uploads/"


@dataclass(frozen=True, slots=True)
class _Bucket:
    limit: Limit
    shared: bool = False


class Limits:
    """The buckets of one process. An address is counted at the door, an actor once it is known who acts.

    Reads and changes of this machine itself are counted by actor alone: they come through a proxy that is not named in
    `MATINEE_TRUSTED_PROXIES`, and then from everybody at once.
    """

    def __init__(self, works: Works) -> None:
        knobs = works.settings.of(LimitSettings)
        wide = knobs.limit_address_factor
        self._of_address = {
            "read": _Bucket(Limit("address-reads", knobs.limit_reads * wide)),
            "write": _Bucket(Limit("address-writes", knobs.limit_writes * wide)),
            "upload": _Bucket(Limit("address-writes", knobs.limit_writes * wide)),
            "sign_in": _Bucket(Limit("sign-ins", knobs.limit_sign_ins), shared=True),
            "media": _Bucket(Limit("media", knobs.limit_media)),
        }
        self._of_actor = {
            "read": _Bucket(Limit("reads", knobs.limit_reads)),
            "write": _Bucket(Limit("writes", knobs.limit_writes), shared=True),
            "upload": _Bucket(Limit("uploads", knobs.limit_uploads), shared=True),
        }
        self._of_programs = {
            "read": _Bucket(Limit("program-reads", knobs.limit_reads * wide)),
            "write": _Bucket(Limit("program-writes", knobs.limit_writes * wide), shared=True),
            "upload": _Bucket(Limit("program-uploads", knobs.limit_uploads * wide), shared=True),
        }
        self.sign_ins = Narrow(knobs.limit_sign_ins_at_once)
        self._memory = Memory(time.monotonic)
        self._shared = Shared(works.database)
        self._declared: dict[tuple[str, str], Class] = {}

    def declare(self, declared: Iterable[tuple[str, str, Class]], secret: Callable[[], bytes]) -> None:
        """Methods and paths whose class their route names, and what gives the secret of all processes."""
        self._declared.update({(method, path): named for method, path, named in declared})
        self._shared.secret = secret

    def class_of(self, method: str, path: str) -> Class | None:
        """None for what is free."""
        if path.startswith(_FREE):
            return None
        if path.startswith("/media/"):
            return "media"
        if method in _SAFE:
            return "read"
        if method == "PATCH" and path.startswith(_PIECES):
            return "media"
        return self._declared.get((method, path), "write")

    async def at_the_door(self, scope: Scope) -> Standing | None:
        """Count a request for the address it comes from. The answer says whether it is refused."""
        named = self.class_of(scope.get("method", "GET"), scope["path"])
        if named is None:
            return None
        scope["state"][_STATE] = (named, None)
        client = scope.get("client")
        network = network_of(client[0]) if client else "unknown"
        if named != "sign_in" and is_this_machine(network):
            return None
        return await self._take(scope, self._of_address[named], network)

    async def of(self, scope: Scope, actor: Actor) -> None:
        """Count a request for who acts: a program for itself, and all programs of a person together. Raises
        `TooMany`."""
        named, _ = scope["state"].get(_STATE, (None, None))
        if actor.counted_as is None or named not in self._of_actor:
            return
        buckets = [(self._of_actor[named], str(actor.counted_as))]
        if actor.via != "session":
            buckets = [
                (self._of_actor[named], str(actor.session_key)),
                (self._of_programs[named], str(actor.account_id)),
            ]
        for bucket, key in buckets:
            standing = await self._take(scope, bucket, key)
            if standing is not None and standing.refused:
                raise TooMany(sentence_of(standing), retry_after_s=wait_of(standing))

    async def _take(self, scope: Scope, bucket: _Bucket, key: str) -> Standing | None:
        if not bucket.limit.most:
            return None
        standing = (
            await self._shared.take(bucket.limit, key)
            if bucket.shared
            else self._memory.take(bucket.limit, key)
        )
        if standing.refused:
            LIMITED.labels(bucket.limit.name).inc()
        named, tightest = scope["state"][_STATE]
        if tightest is None or standing.refused or standing.share < tightest.share:
            scope["state"][_STATE] = (named, standing)
        return standing


def is_sign_in(scope: Scope) -> bool:
    """Whether the door counted it among sign-ins."""
    named: Class | None = scope.get("state", {}).get(_STATE, (None, None))[0]
    return named == "sign_in"


def wait_of(standing: Standing) -> int:
    """Whole seconds until another try is worth it, at least one."""
    return max(1, -int(-(standing.wait_s or 0) // 1))


def sentence_of(standing: Standing) -> str:
    wait_s = wait_of(standing)
    return f"That was too often. Try again in {wait_s} second{'s' if wait_s > 1 else ''}."


def headers_of(scope: Scope) -> list[tuple[bytes, bytes]]:
    """`RateLimit` and its policy (draft-ietf-httpapi-ratelimit-headers-10), of the tightest bucket of this request."""
    standing: Standing | None = scope.get("state", {}).get(_STATE, (None, None))[1]
    if standing is None:
        return []
    name, limit = standing.limit.name, standing.limit
    until_s = wait_of(standing) if standing.refused else round(standing.full_in_s)
    return [
        (b"ratelimit-policy", f'"{name}";q={limit.most};w={limit.window_s:.0f}'.encode()),
        (b"ratelimit", f'"{name}";r={standing.left};t={until_s}'.encode()),
    ]
