"""By which door somebody comes in: asked before an account is made, and noted with it."""

from uuid import UUID

from prometheus_client import Counter

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import JoinLetter
from matinee.features.admission import repository
from matinee.features.admission.errors import AnswerNeeded, InvitationNeeded, InvitationOver, SignupClosed
from matinee.features.admission.schemas import Admission, Brought, JoinLetterAsked
from matinee.features.admission.service import applications, invitations, policy, working
from matinee.infra.telemetry import REGISTRY
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

SIGNUPS = Counter(
    "matinee_signups_total",
    "Accounts that strangers made, by the door they came in.",
    ["how"],
    registry=REGISTRY,
)


async def ask_letter(work: Work, asked: JoinLetterAsked, *, address: str) -> None:
    """A letter with the link that makes an account. Invitation and work are looked at now, the answer of who applies
    once they follow the link. Raises what `admit` does, and what `accounts.ask_join` does."""
    chosen = await policy.read(work)
    invitation_id = await _by_invitation(work, chosen, asked.invitation)
    if invitation_id is None and chosen.mode == "approval":
        await applications.check_room(work)
    if invitation_id is None and chosen.work:
        await working.take(work, asked.work)
    letter_id = await accounts.ask_join(work, asked.email, address=address)
    if invitation_id is not None:
        await repository.add_pass(work.session, letter_id, invitation_id)


async def admit(work: Work, brought: Brought, *, answer: str, letter: JoinLetter | None) -> Admission:
    """How the stranger who acts may come in, as the doors are now. `letter`: the one whose link they followed. Ends the
    transaction where there was work to do. Raises `SignupClosed`, `InvitationNeeded`, `InvitationOver`,
    `AnswerNeeded`, `TooManyWaiting`, `WorkNeeded`, `WorkWrong` and `WorkOver`."""
    if letter is not None and letter.by_operator:
        return Admission(how="operator")
    chosen = await policy.read(work)
    if chosen.mode == "closed":
        raise SignupClosed
    carried = None if letter is None else await repository.pass_of(work.session, letter.id)
    if carried is not None and not await invitations.is_open(work, carried):
        if chosen.mode == "invitation" and brought.invitation is None:
            raise InvitationOver
        carried = None
    invitation_id = carried or await _by_invitation(work, chosen, brought.invitation)
    if invitation_id is not None:
        return Admission(how="invitation", invitation_id=invitation_id)
    if chosen.mode == "approval":
        if chosen.question and not answer:
            raise AnswerNeeded(field="answer")
        await applications.check_room(work)
    if chosen.work and letter is None:
        await working.take(work, brought.work)
    if chosen.mode == "approval":
        return Admission(how="approval", question=chosen.question, answer=answer)
    return Admission(how="open")


async def settle(work: Work, account_id: AccountId, admission: Admission) -> None:
    """The account is made, in this transaction. Raises `InvitationOver` and `TooManyWaiting` where somebody else took
    the last place meanwhile: then nobody is made."""
    if admission.invitation_id is not None:
        await invitations.use(work, admission.invitation_id, account_id)
    if admission.waits:
        await applications.add(work, account_id, admission)
    work.after_commit(SIGNUPS.labels(admission.how).inc)


async def _by_invitation(work: Work, chosen: policy.Chosen, secret: str | None) -> UUID | None:
    if chosen.mode == "closed":
        raise SignupClosed
    if secret is not None:
        return await invitations.opened_by(work, secret)
    if chosen.mode == "invitation":
        raise InvitationNeeded(field="invitation")
    return None
