"""Roles that operators make, change and drop. Those that come with the house stay as they are."""

from collections.abc import Collection

from matinee.features.accounts import service as accounts
from matinee.features.roles import repository, rules
from matinee.features.roles.errors import NoSuchRole, RoleBuiltIn, RoleTaken, TooManyRoles, UnknownName
from matinee.features.roles.models import RoleRow
from matinee.features.roles.rules.charter import Charter, Role
from matinee.features.roles.schemas import (
    ROLES_MOST,
    NewRole,
    PermissionInfo,
    PermissionList,
    RoleChange,
    RoleInfo,
    RoleList,
    RoleRef,
)
from matinee.features.roles.service.book import Book, current, role_of
from matinee.infra.work import Work
from matinee.kernel.actor import GUEST_ROLE, ROLES
from matinee.kernel.errors import Refused


async def all_roles(work: Work) -> RoleList:
    """With how many hold each."""
    work.actor.require(rules.READ)
    charter, holders = await current(work), await accounts.count_holders(work)
    shown = [_info(work, charter, role, holders.get(role.name, 0)) for role in charter.roles.values()]
    return RoleList(items=[one for one in shown if one.name != GUEST_ROLE], most=ROLES_MOST)


async def role(work: Work, name: str) -> RoleInfo:
    """Raises `NoSuchRole`."""
    work.actor.require(rules.READ)
    charter = await current(work)
    if name not in charter.roles or name == GUEST_ROLE:
        raise NoSuchRole
    return await _shown(work, charter.roles[name])


async def permissions(work: Work) -> PermissionList:
    """All that there are, by room."""
    work.actor.require(rules.READ)
    charter = await current(work)
    items = [
        PermissionInfo(
            name=one.name,
            description=one.description,
            room=one.name.partition(".")[0],
            scope=one.scope,
            everybody=one.name in charter.open_to_all,
            built_in=[
                RoleRef(name=role.name, title=role.title)
                for role in charter.holders(one.name, among=ROLES)
                if role.name != GUEST_ROLE
            ],
            yours=_allows(work, {one.name}),
        )
        for one in sorted(charter.permissions.values(), key=lambda one: one.name)
    ]
    return PermissionList(items=items)


async def make(work: Work, new: NewRole) -> RoleInfo:
    """Raises `ProveAgain`, `RoleTaken`, `TooManyRoles`, `UnknownName`, `OwnersOnly` and `BeyondYours`."""
    work.actor.require(rules.MANAGE)
    accounts.require_proof(work)
    held = await _known(work, new.permissions)
    rules.check_change(work.actor, (), held)
    rules.check_title(await current(work), new.title)
    await repository.lock_making(work.session)
    if await repository.count(work.session) >= ROLES_MOST:
        raise TooManyRoles
    if new.name in ROLES or not await repository.add(
        work.session,
        name=new.name,
        title=new.title,
        about=new.about,
        permissions=held,
        factor_needed=new.factor_needed,
        created_at=work.now,
        changed_at=work.now,
    ):
        raise RoleTaken(field="name")
    await accounts.ask_factor(work, new.name, asked=new.factor_needed)
    await accounts.audit.record(
        work, "role.made", role=new.name, permissions=held, factor_needed=new.factor_needed
    )
    work.works.held(Book).note_change(work)
    return await _shown(work, role_of(await _row(work, new.name)))


async def change(work: Work, name: str, wanted: RoleChange) -> RoleInfo:
    """Counts for who holds it within five seconds. Raises `ProveAgain`, `NoSuchRole`, `RoleBuiltIn`, `RoleTaken`,
    `UnknownName`, `OwnersOnly` and `BeyondYours`."""
    work.actor.require(rules.MANAGE)
    accounts.require_proof(work)
    row = await _row(work, name)
    before = set(row.permissions)
    after = before if wanted.permissions is None else set(await _known(work, wanted.permissions))
    rules.check_change(work.actor, before, after)
    if wanted.title is not None:
        rules.check_title(await current(work), wanted.title)
    row.permissions = sorted(after)
    row.title = row.title if wanted.title is None else wanted.title
    row.about = row.about if wanted.about is None else wanted.about
    row.changed_at = work.now
    if wanted.factor_needed is not None:
        row.factor_needed = wanted.factor_needed
        await accounts.ask_factor(work, name, asked=row.factor_needed)
    if after - before:
        await accounts.end_handed_out(work, name)
    await work.session.flush()
    await accounts.audit.record(
        work,
        "role.changed",
        role=name,
        added=sorted(after - before) or None,
        removed=sorted(before - after) or None,
        factor_needed=wanted.factor_needed,
    )
    work.works.held(Book).note_change(work)
    return await _shown(work, role_of(row))


async def drop(work: Work, name: str) -> int:
    """Takes it from all who hold it; returns how many did. Raises `ProveAgain`, `NoSuchRole`, `RoleBuiltIn`,
    `OwnersOnly` and `BeyondYours`."""
    work.actor.require(rules.MANAGE)
    accounts.require_proof(work)
    row = await _row(work, name)
    rules.check_change(work.actor, row.permissions, ())
    await repository.remove(work.session, row)
    holders = await accounts.take_from_all(work, name)
    await accounts.audit.record(work, "role.dropped", role=name, holders=holders)
    work.works.held(Book).note_change(work)
    return holders


async def _row(work: Work, name: str) -> RoleRow:
    if name in ROLES and name != GUEST_ROLE:
        raise RoleBuiltIn
    row = await repository.get(work.session, name)
    if row is None:
        raise NoSuchRole
    return row


async def _known(work: Work, names: Collection[str]) -> list[str]:
    """Without those that everybody holds. Raises `UnknownName`."""
    charter = await current(work)
    if unknown := sorted(set(names).difference(charter.permissions)):
        raise UnknownName(f"There is no permission {unknown[0]}.", field="permissions")
    return sorted(set(names) - charter.open_to_all)


async def _shown(work: Work, role: Role) -> RoleInfo:
    holders = await accounts.count_holders(work)
    return _info(work, await current(work), role, holders.get(role.name, 0))


def _info(work: Work, charter: Charter, role: Role, holders: int) -> RoleInfo:
    held = charter.permissions_of({role.name}) - charter.open_to_all
    return RoleInfo(
        name=role.name,
        title=role.title,
        about=role.about,
        permissions=sorted(held),
        built_in=role.built_in,
        factor_needed=role.factor_needed,
        factor_by_settings=role.name in accounts.factor_roles(work.works.settings),
        holders=holders,
        changeable=not role.built_in and work.actor.may(rules.MANAGE) and _allows(work, held),
        givable=work.actor.may(rules.GIVE) and _allows(work, held),
    )


def _allows(work: Work, held: Collection[str]) -> bool:
    try:
        rules.check_change(work.actor, held, held)
    except Refused:
        return False
    return True
