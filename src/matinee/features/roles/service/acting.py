"""From an identity to its actor: what the roles of whoever asks grant at this moment. The one place that says it.

Asks no database: roles are read from the process's memory.
"""

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import FactorDue, Looking
from matinee.features.accounts.schemas import Identity, Look
from matinee.features.admission import service as admission
from matinee.features.admission.errors import Waits
from matinee.features.roles.rules.charter import Charter
from matinee.features.roles.service.book import Book
from matinee.infra.work import Works
from matinee.kernel.actor import GUEST_ROLE, Actor
from matinee.kernel.errors import Refused


def actor_of(works: Works, identity: Identity, *, reading: bool = True) -> Actor:
    """Whom an identity acts as; every account holds the role `guest` too. A limited one looks, and keeps itself. One
    whose second factor is due may what a guest may, and set one up; one who waits to be let in, what a guest may, and
    read their request. `reading`: nothing is to be changed."""
    charter = works.held(Book).charter
    roles = frozenset({GUEST_ROLE, *identity.roles})
    permissions, held_back = charter.permissions_of(roles), _held_back(works, identity)
    if identity.limit is not None:
        permissions = charter.when_limited(permissions, reading=reading)
    if identity.waits or identity.factor_due:
        left = admission.APPLY if identity.waits else accounts.SECURE
        permissions = permissions & (charter.open_to_all | {left})
    if identity.look is not None and accounts.LOOK in permissions:
        return _behind_eyes(charter, identity, identity.look, reading=reading)
    return Actor(
        account_id=identity.account_id,
        roles=roles,
        permissions=charter.within(permissions, identity.scopes, reading=reading),
        via=identity.via,
        session_key=identity.session_key,
        scopes=identity.scopes,
        proven_at=identity.proven_at,
        held_back=held_back,
    )


def guest(works: Works) -> Actor:
    return Actor(permissions=works.held(Book).charter.open_to_all)


def _held_back(works: Works, identity: Identity) -> Refused | None:
    if identity.waits:
        return Waits()
    if identity.factor_due:
        by_program = identity.via == "token"
        return FactorDue.of_program(works.settings.house.address) if by_program else FactorDue()
    return None if identity.limit is None else accounts.limited(identity.limit)


def _behind_eyes(charter: Charter, identity: Identity, look: Look, *, reading: bool) -> Actor:
    """The person that an operator looks as: what they may look at, without what keeps their account safe, and nothing
    that the operator's own roles do not hold. Nothing is changed, except that it ends."""
    roles = frozenset({GUEST_ROLE, *look.roles})
    both = charter.permissions_of(roles) & charter.permissions_of({GUEST_ROLE, *identity.roles})
    seen = charter.within(both, ("read",), reading=True) if reading else frozenset()
    return Actor(
        account_id=look.account_id,
        roles=roles,
        permissions=seen | {accounts.STOP_LOOKING},
        via=identity.via,
        session_key=identity.session_key,
        scopes=("read",),
        held_back=Looking(),
        behind=identity.account_id,
    )
