"""HTTP of the directory of accounts and of services' accounts. Holds no logic."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import AccountKind, AccountState, DirectoryOrder, Listed
from matinee.features.people import service
from matinee.features.people.schemas import NewService, PersonPage
from matinee.infra.http import needs
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.page import Page

router = APIRouter(prefix="/api/v1/admin", tags=["admin"])


@router.get("/accounts")
async def list_accounts(
    work: Work = needs("accounts.read"),
    query: Annotated[
        str | None,
        Query(max_length=254, description="Beginning of a handle, of words of a name, or of an address."),
    ] = None,
    role: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{1,19}$")] = None,
    state: AccountState | None = None,
    factor: Annotated[bool | None, Query(description="With a second factor, or without.")] = None,
    kind: AccountKind | None = None,
    order: Annotated[DirectoryOrder, Query(description="Newest first, or last seen first.")] = "joined",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[Listed]:
    """Accounts of people and of services. Addresses, second factors and visits need `accounts.manage`; to search by an
    address is written down."""
    return await accounts.directory(
        work,
        query=query,
        role=role,
        state=state,
        factor=factor,
        kind=kind,
        order=order,
        cursor=cursor,
        limit=limit,
    )


@router.get("/accounts/{account_id}")
async def look_up(account_id: UUID, work: Work = needs("accounts.read")) -> PersonPage:
    """One account. That you looked is written down, and the person can read it."""
    return await service.look_up(work, AccountId(account_id))


@router.post("/service-accounts", status_code=201)
async def create_service(asked: NewService, work: Work = needs("accounts.manage")) -> PersonPage:
    """An account for a program, which acts by tokens alone: nobody signs in with it."""
    return await service.create_service(work, asked.handle, asked.title, asked.roles)
