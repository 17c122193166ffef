"""HTTP of roles: what they are, who holds them, why one may or may not, and what operators do to people. Holds no
logic.
"""

from uuid import UUID

from fastapi import APIRouter

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import LookAsked, LookInfo, RestrictionAsked, Standing
from matinee.features.roles import service
from matinee.features.roles.schemas import (
    Explanation,
    HeldRoles,
    NewRole,
    PermissionList,
    RoleChange,
    RoleInfo,
    RoleList,
    RolesGiven,
    VerdictList,
)
from matinee.infra.http import needs
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

router = APIRouter(prefix="/api/v1")


@router.get("/roles", tags=["roles"])
async def all_roles(work: Work = needs("roles.read")) -> RoleList:
    """All roles, with what they hold and how many people hold them."""
    return await service.all_roles(work)


@router.post("/roles", status_code=201, tags=["roles"])
async def make(new: NewRole, work: Work = needs("roles.manage")) -> RoleInfo:
    """Make a role of permissions that you hold yourself. Needs a proof of the last ten minutes."""
    return await service.make(work, new)


@router.patch("/roles/{name}", tags=["roles"])
async def change(name: str, wanted: RoleChange, work: Work = needs("roles.manage")) -> RoleInfo:
    """Change a role that operators made; counts for everybody who holds it within five seconds. Needs a proof of the
    last ten minutes."""
    return await service.change(work, name, wanted)


@router.delete("/roles/{name}", status_code=204, tags=["roles"])
async def drop(name: str, work: Work = needs("roles.manage")) -> None:
    """Drop a role that operators made, and take it from all who hold it. Needs a proof of the last ten minutes."""
    await service.drop(work, name)


@router.get("/permissions", tags=["roles"])
async def permissions(work: Work = needs("roles.read")) -> PermissionList:
    """All permissions by name, and the built-in roles that hold them."""
    return await service.permissions(work)


@router.get("/me/permissions", tags=["roles"])
async def own_verdicts(work: Work = needs("roles.ask")) -> VerdictList:
    """What you may and may not, and by which roles."""
    return await service.own_verdicts(work)


@router.get("/me/permissions/{name}", tags=["roles"])
async def own_explanation(name: str, work: Work = needs("roles.ask")) -> Explanation:
    """Why you may, or may not, step by step."""
    return await service.own_explanation(work, name)


@router.get("/admin/accounts/{account_id}/permissions/{name}", tags=["admin"])
async def explanation_of(account_id: UUID, name: str, work: Work = needs("roles.read")) -> Explanation:
    """Why somebody may, or may not, in a browser of theirs."""
    return await service.explanation_of(work, AccountId(account_id), name)


@router.put("/admin/accounts/{account_id}/roles", tags=["admin"])
async def set_roles(account_id: UUID, given: RolesGiven, work: Work = needs("roles.give")) -> HeldRoles:
    """Say anew which roles somebody holds; counts from their next request on. Needs a proof of the last ten minutes."""
    return await service.set_roles(work, AccountId(account_id), given.roles, given.before)


@router.get("/admin/accounts/{account_id}/restriction", tags=["admin"])
async def show_standing(account_id: UUID, work: Work = needs("accounts.manage")) -> Standing:
    """What an account is held by, and was."""
    return await accounts.standing(work, AccountId(account_id))


@router.post("/admin/accounts/{account_id}/restriction", tags=["admin"])
async def restrict(
    account_id: UUID, asked: RestrictionAsked, work: Work = needs("accounts.manage")
) -> Standing:
    """Suspend or limit an account, after a proof; its person reads why, and until when."""
    about = AccountId(account_id)
    await service.restrict(work, about, asked.kind, asked.reason, asked.until, asked.note)
    return await accounts.standing(work, about)


@router.delete("/admin/accounts/{account_id}/restriction", status_code=204, tags=["admin"])
async def lift(account_id: UUID, work: Work = needs("accounts.manage")) -> None:
    """Give an account back what its roles grant, after a proof."""
    await service.lift(work, AccountId(account_id))


@router.post("/admin/accounts/{account_id}/look", status_code=201, tags=["admin"])
async def begin_look(account_id: UUID, asked: LookAsked, work: Work = needs("accounts.look")) -> LookInfo:
    """See the house as that person does in this browser, after a proof, for 15 minutes at most: nothing can be changed,
    and what keeps their account safe stays closed. They are told, with the reason."""
    return await service.begin_look(work, AccountId(account_id), asked.reason)


@router.delete("/look", status_code=204, tags=["admin"])
async def stop_looking(work: Work = needs("accounts.stop_looking")) -> None:
    """See with your own eyes again, in this browser. Nothing to do where you do."""
    await accounts.stop_looking(work)
