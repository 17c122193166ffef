"""Invitations: links that open the door, made by operators and, where these allow it, by members.

The secret is shown once and kept as a hash. What a person handed out opens nothing while their own account is shut.
"""

from datetime import timedelta
from uuid import UUID

from matinee.features.accounts import service as accounts
from matinee.features.admission import repository
from matinee.features.admission.errors import (
    InvitationOver,
    NoInvitations,
    NoSuchInvitation,
    TooManyInvitations,
)
from matinee.features.admission.models import InvitationRow
from matinee.features.admission.schemas import (
    HouseInvitation,
    HouseInvitations,
    Invitation,
    InvitationWish,
    Invited,
    MadeInvitation,
    OwnInvitations,
)
from matinee.features.admission.service import policy
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, new_id
from matinee.kernel.settings import HouseSettings

OWN_DAYS = 30
SHOWN_MOST = 200
KEPT_AFTER = timedelta(days=30)
"""How long operators see one that ended."""


async def make(work: Work, wish: InvitationWish) -> MadeInvitation:
    """As an operator. Raises `ProveAgain`."""
    work.actor.require(policy.MANAGE)
    accounts.require_proof(work)
    return await _make(work, wish.note, wish.uses, wish.days)


async def make_own(work: Work, note: str) -> MadeInvitation:
    """One use, for a month. Raises `NoInvitations` and `TooManyInvitations`."""
    account_id = work.actor.owner()
    most = (await policy.read(work)).invitations_per_member
    if not most:
        raise NoInvitations
    await repository.lock(work.session, f"invitations of {account_id}")
    if len(await _own(work, account_id)) >= most:
        raise TooManyInvitations
    return await _make(work, note, 1, OWN_DAYS)


async def own(work: Work) -> OwnInvitations:
    """The actor's open ones, and who came by theirs."""
    account_id = work.actor.owner()
    came = await repository.invited(work.session, by=account_id, most=SHOWN_MOST)
    names = await accounts.names(work, [AccountId(row.account_id) for row in came])
    return OwnInvitations(
        items=[_invitation(row) for row in await _own(work, account_id)],
        joined=[name.handle for name in names.values() if name.handle is not None],
        most=(await policy.read(work)).invitations_per_member,
    )


async def every(work: Work) -> HouseInvitations:
    """For operators: all of them, and who came by whose."""
    work.actor.require(policy.MANAGE)
    rows = await repository.invitations(work.session, most=SHOWN_MOST)
    came = await repository.invited(work.session, most=SHOWN_MOST)
    ids = {one for row in came for one in (row.account_id, row.by_id)}
    ids |= {row.made_by for row in rows if row.made_by is not None}
    handles = {id: name.handle for id, name in (await accounts.names(work, map(AccountId, ids))).items()}

    def handle(id: UUID | None) -> str | None:
        return None if id is None else handles.get(AccountId(id))

    return HouseInvitations(
        items=[HouseInvitation(**_invitation(row).model_dump(), made_by=handle(row.made_by)) for row in rows],
        invited=[Invited(handle=handle(row.account_id), by=handle(row.by_id), at=row.at) for row in came],
    )


async def revoke(work: Work, invitation_id: UUID) -> None:
    """Any, as an operator. Raises `NoSuchInvitation`."""
    work.actor.require(policy.MANAGE)
    await _revoke(work, await repository.delete_invitation(work.session, invitation_id))


async def revoke_own(work: Work, invitation_id: UUID) -> None:
    """Raises `NoSuchInvitation` for one that is not the actor's own."""
    owner = work.actor.owner()
    await _revoke(work, await repository.delete_invitation(work.session, invitation_id, of=owner))


async def opened_by(work: Work, secret: str) -> UUID:
    """The open invitation behind this secret. Raises `InvitationOver`."""
    row = await repository.invitation_by_secret(work.session, accounts.digest(secret), work.now)
    if row is None or not await _stands(work, row):
        raise InvitationOver
    return row.id


async def is_open(work: Work, invitation_id: UUID) -> bool:
    row = await repository.invitation(work.session, invitation_id, work.now)
    return row is not None and await _stands(work, row)


async def use(work: Work, invitation_id: UUID, account_id: AccountId) -> None:
    """Somebody came in by it. Raises `InvitationOver`, also where another one was faster."""
    row = await repository.invitation(work.session, invitation_id, work.now)
    if row is None or not await _stands(work, row):
        raise InvitationOver
    made_by, note = row.made_by, row.note
    if not await repository.use(work.session, invitation_id, work.now):
        raise InvitationOver
    about = None if made_by is None else AccountId(made_by)
    if about is not None:
        await repository.add_invited(work.session, account_id, about, work.now)
    await accounts.audit.record(work, "invitation.used", about=about, words={"note": note} if note else None)


async def _make(work: Work, note: str, uses: int, days: int) -> MadeInvitation:
    secret, made_by = accounts.new_secret(), work.actor.account_id
    made = Invitation(
        id=new_id(),
        note=note,
        uses=uses,
        used=0,
        created_at=work.now,
        expires_at=work.now + timedelta(days=days),
    )
    await repository.add_invitation(
        work.session,
        secret_hash=accounts.digest(secret),
        made_by=made_by,
        **made.model_dump(exclude={"used"}),
    )
    words = {"note": note} if note else None
    await accounts.audit.record(work, "invitation.made", about=made_by, words=words, uses=uses, days=days)
    link = f"{work.settings(HouseSettings).address}/sign-up#{secret}"
    return MadeInvitation(**made.model_dump(), link=link)


async def _own(work: Work, account_id: AccountId) -> list[InvitationRow]:
    rows = await repository.invitations(work.session, of=account_id, open_at=work.now, most=SHOWN_MOST)
    return list(rows)


async def _revoke(work: Work, row: InvitationRow | None) -> None:
    if row is None:
        raise NoSuchInvitation
    about = None if row.made_by is None else AccountId(row.made_by)
    words = {"note": row.note} if row.note else None
    await accounts.audit.record(work, "invitation.revoked", about=about, words=words)


async def _stands(work: Work, row: InvitationRow) -> bool:
    return row.made_by is None or await accounts.is_open(work, AccountId(row.made_by))


def _invitation(row: InvitationRow) -> Invitation:
    return Invitation.model_validate(row, from_attributes=True)
