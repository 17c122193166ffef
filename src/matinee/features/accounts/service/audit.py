"""Writing down what was done: one entry in the transaction of the act, so that it stands exactly when the act does.

An entry takes no lock and waits for nobody: its place in the chain is given later, by `chaining`. Never holds a secret
or an address; words about a person are sealed under that person's key, which goes with the account.
"""

import json
import secrets
from collections.abc import Mapping
from uuid import UUID, uuid4

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from prometheus_client import Counter

from matinee.features.accounts.repository import audit as repository
from matinee.features.accounts.rules import chain
from matinee.infra import telemetry
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, new_id

RECORDED = Counter(
    "matinee_audit_entries_total", "Entries of the audit log.", ["act"], registry=telemetry.REGISTRY
)
TALLY = "accounts.audit"
_SEALING = ["dir", "A256GCM"]


async def record(
    work: Work,
    act: str,
    *,
    about: AccountId | None = None,
    by: AccountId | None = None,
    words: Mapping[str, object] | None = None,
    **facts: object,
) -> None:
    """Note that `act` (`thing.done`) is done, with this transaction or not at all.

    `about` is the person concerned, `by` who did it: the actor, unless it is told. `words` are personal: names, titles,
    ids of what somebody owns; they can be read until that person's account is gone, and are left out where there is no
    such person. `facts` stay: short, and nobody's.
    """
    chain.check_act(act)
    plain = chain.bounded(facts)
    actor = work.actor
    signed_in = actor.via in ("session", "token")
    who = by or (actor.account_id if signed_in else None)
    known = await pseudonyms(work, [one for one in (who, about) if one is not None])
    who, about = who if who in known else None, about if about in known else None
    if actor.via == "session" and by is None and actor.session_key is not None and "device" not in plain:
        found = await repository.where_of(work.session, UUID(actor.session_key))
        if found is not None:
            plain["device"], plain["place"] = found
    sealed = None
    owner = about or who
    if words and owner is not None:
        sealed = _seal(chain.bounded(words, personal=True), known[owner][1])
    await repository.add(
        work.session,
        id=new_id(),
        at=work.now,
        act=act,
        by_id=None if who is None else known[who][0],
        via=actor.via,
        about_id=None if about is None else known[about][0],
        facts=plain,
        sealed=sealed,
    )
    wake(work)
    work.after_commit(RECORDED.labels(act).inc)


def wake(work: Work) -> None:
    """Something waits for its place in the chain."""
    work.tally(TALLY, UUID(int=0))


async def name(work: Work, account_id: AccountId) -> None:
    """A pseudonym for a new account."""
    await repository.add_pseudonym(work.session, account_id, id=uuid4(), key=secrets.token_bytes(32))


async def pseudonyms(work: Work, account_ids: list[AccountId]) -> dict[AccountId, tuple[UUID, bytes]]:
    """(pseudonym, key) of accounts; made for those that have none."""
    if not account_ids:
        return {}
    found = await repository.pseudonyms(work.session, account_ids)
    if lacking := [one for one in account_ids if one not in found]:
        for one in sorted(lacking):
            await name(work, one)
        found = await repository.pseudonyms(work.session, account_ids)
    return {AccountId(id): value for id, value in found.items()}


def opened(sealed: str | None, key: bytes | None) -> dict[str, chain.Fact] | None:
    """The words of an entry; None when it has none, or nobody can read them any more."""
    if sealed is None or key is None:
        return None
    try:
        plain = jwe.decrypt_compact(sealed, OctKey.import_key(key), algorithms=_SEALING).plaintext
    except JoseError:
        return None
    words: dict[str, chain.Fact] = json.loads(plain or b"{}")
    return words


def _seal(words: dict[str, chain.Fact], key: bytes) -> str:
    header = {"alg": "dir", "enc": "A256GCM"}
    return jwe.encrypt_compact(header, json.dumps(words), OctKey.import_key(key), algorithms=_SEALING)
