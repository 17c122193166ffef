"""Decisions about roles without database or clock: who may give, make and change which."""

import unicodedata
from collections.abc import Collection

from matinee.features.roles.errors import AboveYou, BeyondYours, OwnersOnly, RoleTaken
from matinee.features.roles.rules.charter import Charter
from matinee.kernel.actor import OWNER_ROLE, Actor

READ, MANAGE, GIVE, ASK = "roles.read", "roles.manage", "roles.give", "roles.ask"
POWERS = frozenset({GIVE, MANAGE})
"""Who holds one of these decides on what others may do: owners and admins by nature."""


def check_gift(charter: Charter, giver: Actor, before: Collection[str], after: Collection[str]) -> None:
    """Whether `giver` may turn the roles `before` of somebody into `after`. Raises `OwnersOnly`, `AboveYou` and
    `BeyondYours`."""
    if giver.is_system:
        return
    changed = set(before) ^ set(after)
    if not _own(giver) and any(charter.permissions_of({name}) & POWERS for name in changed):
        raise OwnersOnly
    if not charter.permissions_of(before) <= giver.permissions:
        raise AboveYou
    for name in sorted(changed):
        check_within(giver, charter.permissions_of({name}))


def check_reach(charter: Charter, actor: Actor, theirs: Collection[str]) -> None:
    """Whether `actor` may do something to somebody who holds the roles `theirs`: owners to everybody, others to who
    holds no permission that they lack, and decides on no roles. Raises `AboveYou`."""
    if actor.is_system or _own(actor):
        return
    held = charter.permissions_of(theirs)
    if held & POWERS or not held <= actor.permissions:
        raise AboveYou


def check_change(actor: Actor, before: Collection[str], after: Collection[str]) -> None:
    """Whether `actor` may turn a role that holds the permissions `before` into one that holds `after`; empty for one
    that is made or dropped. Raises `OwnersOnly` and `BeyondYours`."""
    if actor.is_system:
        return
    both = {*before, *after}
    if both & POWERS and not _own(actor):
        raise OwnersOnly
    check_within(actor, both)


def check_title(charter: Charter, title: str) -> None:
    """Nobody takes a role that was made for one that comes with the house. Raises `RoleTaken`."""
    wanted = _folded(title)
    if any(role.built_in and _folded(role.title) == wanted for role in charter.roles.values()):
        raise RoleTaken("A role of this title comes with the house. Choose another title.", field="title")


def check_within(actor: Actor, permissions: Collection[str]) -> None:
    """Raises `BeyondYours` for more than `actor` holds."""
    if beyond := sorted(set(permissions) - actor.permissions):
        raise BeyondYours(
            f"You do not hold “{beyond[0]}” yourself, so you cannot give or take it.", permission=beyond[0]
        )


def _folded(title: str) -> str:
    """However it is written: wide letters, capitals, and joiners that nobody sees are no difference."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    return "".join(c for c in plain if unicodedata.category(c) != "Cf")


def _own(actor: Actor) -> bool:
    return OWNER_ROLE in actor.roles
