"""What the room tells people about themselves, and forgets of them."""

from collections.abc import AsyncIterator

from matinee.features.admission import repository
from matinee.features.admission.service import applications
from matinee.features.admission.service.invitations import SHOWN_MOST
from matinee.infra.room import Told
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

TOLD = (
    Told(
        file="application.json",
        about="Your request to be let in, until you are.",
        tables=("admission_application",),
        fields={
            "state": "waiting or refused.",
            "question": "What the operators asked.",
            "answer": "What you wrote.",
            "asked_at": "When you asked.",
            "decided_at": "When it was refused; null while it waits.",
            "reason": "Why.",
            "erased_at": "When it is erased, with your account.",
        },
    ),
    Told(
        file="invitations.ndjson",
        about="Invitations that you made.",
        tables=("admission_invitation",),
        fields={
            "note": "Whom you made it for.",
            "uses": "How many may come by it.",
            "used": "How many did.",
            "created_at": "When you made it.",
            "expires_at": "When it ends.",
        },
    ),
    Told(
        file="invited.ndjson",
        about="That you came by an invitation, or others by yours; not who, since that is about them, too.",
        tables=("admission_invited",),
        fields={"who": "you, or another for somebody who came by yours.", "at": "When."},
    ),
)
UNTOLD = {
    "admission_pass": "That a letter was asked for with an invitation, for two days; about no account.",
    "admission_policy": "What the operators chose; about no person.",
    "admission_spent": "Random names of challenges that were solved, for an hour; about no person.",
}


async def export(work: Work, account_id: AccountId) -> AsyncIterator[tuple[str, dict[str, object]]]:
    """The request, the invitations, and who came by them, without names."""
    row = await repository.application(work.session, account_id)
    if row is not None:
        yield "application.json", applications.told(row).model_dump(mode="json")
    for made in await repository.invitations(work.session, of=account_id, most=SHOWN_MOST):
        yield (
            "invitations.ndjson",
            {
                "note": made.note,
                "uses": made.uses,
                "used": made.used,
                "created_at": made.created_at.isoformat(),
                "expires_at": made.expires_at.isoformat(),
            },
        )
    for one in await repository.invited(work.session, about=account_id, most=SHOWN_MOST):
        who = "you" if one.account_id == account_id else "another"
        yield "invited.ndjson", {"who": who, "at": one.at.isoformat()}


async def erase(work: Work, account_id: AccountId) -> bool:
    """Invitations with what they opened, and the request."""
    await repository.remove(work.session, account_id)
    return True
