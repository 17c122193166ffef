"""Why one may, or may not: for oneself, and for operators about somebody."""

from dataclasses import replace

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import Limited, NoSuchAccount
from matinee.features.admission.errors import Waits
from matinee.features.roles import rules
from matinee.features.roles.errors import NoSuchPermission, Shut
from matinee.features.roles.rules.charter import Charter
from matinee.features.roles.rules.explaining import THEY, YOU, Words, explain
from matinee.features.roles.schemas import Explanation, Verdict, VerdictList
from matinee.features.roles.service.acting import actor_of
from matinee.features.roles.service.book import Book
from matinee.infra.work import Work
from matinee.kernel.actor import Actor
from matinee.kernel.ids import AccountId


async def own_verdicts(work: Work) -> VerdictList:
    """Of every permission, for the actor."""
    charter = _told(work)
    items = [
        Verdict.model_validate(_explained(charter, work.actor, name, YOU), from_attributes=True)
        for name in sorted(charter.permissions)
    ]
    return VerdictList(items=items, signed_in=not work.actor.is_guest)


async def own_explanation(work: Work, permission: str) -> Explanation:
    """Raises `NoSuchPermission`."""
    return _explained(_told(work), work.actor, permission, YOU)


async def explanation_of(work: Work, account_id: AccountId, permission: str) -> Explanation:
    """For somebody in a browser of theirs. Why they are suspended or limited is for who manages accounts. Raises
    `NoSuchAccount` and `NoSuchPermission`."""
    work.actor.require(rules.READ)
    charter = await work.works.held(Book).believed()
    return _explained(charter, await _as_they_are(work, charter, account_id), permission, THEY)


def _told(work: Work) -> Charter:
    """What operators made is for who is let in."""
    charter = work.works.held(Book).charter
    stranger = work.actor.is_guest or isinstance(work.actor.held_back, Waits)
    return Charter(charter.permissions) if stranger else charter


async def _as_they_are(work: Work, charter: Charter, account_id: AccountId) -> Actor:
    account = await accounts.get(work, account_id)
    if account is None:
        raise NoSuchAccount
    told = work.actor.may("accounts.manage")
    identity = await accounts.identity_of(work, account_id)
    if identity.limit is not None and not told:
        identity = replace(identity, limit=replace(identity.limit, reason=""))
    actor = actor_of(work.works, identity)
    held = await accounts.own_standing(work, account_id)
    if held is not None and held.kind == "suspended":
        shut = accounts.suspended(held.reason if told else "", held.until)
        return replace(actor, held_back=shut, permissions=charter.open_to_all)
    if await accounts.is_leaving(work, account_id):
        return replace(actor, held_back=Shut(), permissions=charter.open_to_all)
    return actor


def _explained(charter: Charter, actor: Actor, permission: str, words: Words) -> Explanation:
    if permission not in charter.permissions:
        raise NoSuchPermission
    if isinstance(actor.held_back, Limited):  # whoever asks only looks: would they change something?
        actor = replace(actor, permissions=charter.when_limited(actor.permissions, reading=False))
    return explain(charter, actor, permission, words)
