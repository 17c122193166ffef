"""From an identity to its actor: what the roles of whoever asks grant at this moment. The one place that says it.

Asks no database: roles are read from the process's memory.
"""

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import FactorDue
from matinee.features.accounts.schemas import Identity
from matinee.features.admission import service as admission
from matinee.features.admission.errors import Waits
from matinee.features.roles.service.book import Book
from matinee.infra.work import Works
from matinee.kernel.actor import GUEST_ROLE, Actor
from matinee.kernel.errors import Refused


def actor_of(works: Works, identity: Identity, *, reading: bool = True) -> Actor:
    """Whom an identity acts as; every account holds the role `guest` too. One whose second factor is due may what a
    guest may, and set one up; one who waits to be let in, what a guest may, and read their request. `reading`: nothing
    is to be changed."""
    charter = works.held(Book).charter
    roles = frozenset({GUEST_ROLE, *identity.roles})
    permissions, held_back = charter.permissions_of(roles), _held_back(identity)
    if held_back is not None:
        left = admission.APPLY if held_back is Waits else accounts.SECURE
        permissions = permissions & (charter.open_to_all | {left})
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


def _held_back(identity: Identity) -> type[Refused] | None:
    if identity.waits:
        return Waits
    return FactorDue if identity.factor_due else None
