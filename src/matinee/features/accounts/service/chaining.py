"""The chain of the audit log: entries get their places, one process at a time, a second or two after they were written.

Never changes an entry: what does not fit is told, and stays to be found.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast

import structlog
from prometheus_client import Gauge

from matinee.features.accounts.models import AuditHeadRow
from matinee.features.accounts.repository import audit as repository
from matinee.features.accounts.rules import chain
from matinee.features.accounts.rules.chain import Head
from matinee.features.accounts.schemas import AuditVerdict
from matinee.features.accounts.service import audit, last_end, signing
from matinee.features.accounts.settings import AuditSettings
from matinee.infra import telemetry
from matinee.infra.work import Work

log = structlog.get_logger(__name__)
WAITING = Gauge(
    "matinee_audit_waiting",
    "Entries of the audit log that wait for their place.",
    registry=telemetry.REGISTRY,
)
LAG_S = Gauge(
    "matinee_audit_lag_seconds",
    "How long the oldest of them has waited.",
    registry=telemetry.REGISTRY,
)
BROKEN = Gauge(
    "matinee_audit_broken",
    "1 when the end of the audit log was not as it had been left.",
    registry=telemetry.REGISTRY,
)
AT_ONCE = 1000
PAGE = 2000
LATE = timedelta(minutes=1)


async def link(work: Work) -> int:
    """Give all entries that wait their places. Returns how many."""
    await repository.lock(work.session)
    linked, acts = 0, Counter[str]()
    while rows := await repository.waiting(work.session, AT_ONCE):
        head = await _standing(work)
        seq, digest, links = head.seq, head.digest, []
        for row in rows:
            seq += 1
            digest = chain.digest_of(digest, seq, cast(chain.Entry, row))
            links.append((row.id, seq, digest))
        await repository.link(work.session, links)
        await _seal(work, replace(head, seq=seq, digest=digest, at=work.now))
        linked += len(links)
        acts.update(row.act for row in rows)
    if linked:
        # Whoever keeps this line elsewhere can show what the house forgot: `matinee audit verify --expect SEQ:DIGEST`.
        told = {"seq": seq, "digest": digest.hex(), "seal": _secret(work)[0], "acts": dict(acts)}
        work.after_commit(lambda: log.info("audit.chained", **told))
        work.after_commit(lambda: last_end.write(work.works.settings, _secret(work)[0], seq, digest))
    return linked


async def shorten(work: Work) -> int:
    """Remove from the front of the chain what is older than the house keeps entries. Returns how many."""
    days = work.settings(AuditSettings).audit_days
    if not days:
        return 0
    await repository.lock(work.session)
    ends = await repository.last(work.session)
    if ends is None:
        return 0
    first = await repository.first_since(work.session, work.now - timedelta(days=days)) or ends[0]
    before = await repository.place(work.session, first - 1)
    if before is None:  # nothing before it
        return 0
    head = await _standing(work)
    gone = await repository.shorten(work.session, first)
    await _seal(work, replace(head, first_seq=first, first_before=before, at=work.now))
    await audit.record(work, "audit.shortened", entries=gone, first=first, days=days)
    return gone


async def verify(work: Work, *, expect: tuple[int, str] | None = None) -> AuditVerdict:
    """Walk the whole chain. `expect`: a place and its digest, noted elsewhere before."""
    waiting, oldest = await repository.waits(work.session)
    ends = await repository.last(work.session)
    heads = await repository.heads(work.session)
    seal, key = _secret(work)
    start = max(heads, key=lambda head: head.first_seq, default=None)
    top = heads[0] if heads else None
    walk = (
        chain.Walk(0, chain.BEGINNING)
        if start is None
        else chain.Walk(start.first_seq - 1, start.first_before)
    )
    sealed = {head.seq: head for head in heads}
    until = top.seq if top is not None else 0 if ends is None else ends[0]
    while walk.seq < until and (rows := await repository.linked(work.session, walk.seq, PAGE)):
        for row in rows:
            if row.seq is None or row.seq > until:
                break
            walk.take(cast(chain.Linked, row))
            if (head := sealed.get(walk.seq)) is not None and head.digest != walk.digest:
                walk.say(f"Entry {walk.seq} is not the one that was sealed.")
            if expect is not None and expect[0] == walk.seq and expect[1] != walk.digest.hex():
                walk.say(f"Entry {walk.seq} is not the one that you noted.")
        if rows[-1].seq is None or rows[-1].seq > until:
            break
    if walk.seq < until:
        walk.miss(walk.seq + 1, until)
    if ends is not None and ends[0] > until:
        walk.say(f"Entries {until + 1} to {ends[0]} stand behind the end that was sealed.")
    if expect is not None and expect[0] > walk.seq:
        walk.say(f"The log ends before entry {expect[0]}, which you noted.")
    if (known := last_end.read(work.works.settings, seal)) is not None:
        first = 1 if start is None else start.first_seq
        if not await _stands(work, known, first):
            walk.say(f"Entry {known[0]} is not the one that this machine sealed last.")
    notes = []
    own = next((head for head in heads if head.seal == seal), None)
    for head in heads:
        if head.broken_at is not None:
            walk.say(f"On {head.broken_at:%d %B %Y at %H:%M} UTC its end was not as it had been left.")
        if head.seal == seal and not chain.is_sealed(_head(head), head.mac, key):
            walk.say("The seal of its end is not of this house.")
    if until and own is None:
        notes.append(
            "No end of it is sealed under the secret of this machine: verify on the one that has it."
        )
    elif own is not None and own.seq < until:
        notes.append(
            f"What came after entry {own.seq} is sealed under another secret: verify on that machine, too."
        )
    if own is not None and start is not None and start.first_seq > own.first_seq:
        notes.append(f"Entries before {start.first_seq} were removed by a machine with another secret.")
    if oldest is not None and work.now - oldest > LATE:
        notes.append(f"{waiting} entries wait for their place: does a worker run?")
    return AuditVerdict(
        intact=not walk.faults,
        entries=walk.entries,
        first=walk.seq - walk.entries + 1 if start is None else start.first_seq,
        last=walk.seq,
        digest=walk.digest.hex(),
        waiting=waiting,
        faults=walk.faults,
        notes=notes,
    )


async def refresh_metrics(work: Work) -> None:
    """What waits, and whether the chain was found broken."""
    waiting, oldest = await repository.waits(work.session)
    WAITING.set(waiting)
    LAG_S.set(0 if oldest is None else max(0.0, (work.now - oldest).total_seconds()))
    BROKEN.set(any(head.broken_at is not None for head in await repository.heads(work.session)))


async def _standing(work: Work) -> Head:
    """Where the chain goes on. Where rows were cut off its end it goes on behind them, so that the gap stays."""
    seal, key = _secret(work)
    heads = await repository.heads(work.session)
    ends = await repository.last(work.session)
    own = next((head for head in heads if head.seal == seal), None)
    fits = await _fits(work, heads, ends, own, key)
    known = last_end.read(work.works.settings, seal)
    if fits and known is not None:
        fits = await _stands(work, known, max((head.first_seq for head in heads), default=1))
    broken_at = None if own is None else own.broken_at
    if not fits and broken_at is None:
        broken_at = work.now
        log.error("audit.broken", seal=seal)
    start = max(heads, key=lambda head: head.first_seq, default=None)
    top = heads[0] if heads else None
    seq, digest = ends or (0, chain.BEGINNING)
    if top is not None and top.seq >= seq:
        seq, digest = top.seq, top.digest
    return Head(
        first_seq=1 if start is None else start.first_seq,
        first_before=chain.BEGINNING if start is None else start.first_before,
        seq=seq,
        digest=digest,
        at=work.now,
        broken_at=broken_at,
    )


async def _fits(
    work: Work,
    heads: Sequence[AuditHeadRow],
    ends: tuple[int, bytes] | None,
    own: AuditHeadRow | None,
    key: bytes,
) -> bool:
    if not heads:
        return ends is None
    if ends != (heads[0].seq, heads[0].digest):
        return False
    if own is None:
        return True
    if not chain.is_sealed(_head(own), own.mac, key):
        return False
    return await _stands(work, (own.seq, own.digest), max(head.first_seq for head in heads))


async def _stands(work: Work, known: tuple[int, bytes], first_seq: int) -> bool:
    """Whether an end that was sealed before is still in the log, or was removed from its front since."""
    seq, digest = known
    return seq < first_seq or await repository.place(work.session, seq) == digest


async def _seal(work: Work, head: Head) -> None:
    seal, key = _secret(work)
    await repository.set_head(
        work.session,
        seal=seal,
        first_seq=head.first_seq,
        first_before=head.first_before,
        seq=head.seq,
        digest=head.digest,
        at=head.at,
        broken_at=head.broken_at,
        mac=chain.mac_of(head, key),
    )


def _head(row: AuditHeadRow) -> Head:
    return Head(row.first_seq, row.first_before, row.seq, row.digest, row.at, row.broken_at)


def _secret(work: Work) -> tuple[str, bytes]:
    """The name of this machine's secret, and the key that it gives."""
    key = signing.secret_of(work.works.settings, "ends of the audit log")
    return hashlib.sha256(key).hexdigest()[:16], key
