"""HTTP of the audit log: one's own entries, and all of them for operators. Holds no logic."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from matinee.features.accounts import service
from matinee.features.accounts.schemas import AuditEntry, OwnAct
from matinee.infra.http import needs
from matinee.infra.work import Work
from matinee.kernel.page import Page

router = APIRouter(prefix="/api/v1")
Cursor = Annotated[str | None, Query(max_length=200)]


@router.get("/me/audit", tags=["accounts"])
async def own_acts(
    work: Work = needs("accounts.self"),
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page[OwnAct]:
    """What was done with your account, and what you did, newest first."""
    return await service.own_acts(work, cursor=cursor, limit=limit)


@router.get("/admin/audit", tags=["admin"])
async def audit_log(
    work: Work = needs("accounts.audit"),
    act: Annotated[
        str | None,
        Query(
            pattern=r"^[a-z]{2,20}\.[a-z_]{0,19}$", description="One act, or `thing.` for all about a thing."
        ),
    ] = None,
    person: Annotated[
        str | None,
        Query(min_length=1, max_length=254, description="Handle, email or pseudonym: by or about."),
    ] = None,
    since: Annotated[AwareDatetime | None, Query(description="From this moment on.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this moment.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[AuditEntry]:
    """What was done in this house, newest first."""
    return await service.audit_log(
        work, act=act, person=person, since=since, until=until, cursor=cursor, limit=limit
    )
