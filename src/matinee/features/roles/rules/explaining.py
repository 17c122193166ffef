"""Why somebody may, or may not: the same decision as at every request, in steps and words."""

from dataclasses import dataclass

from matinee.features.accounts.errors import FactorDue
from matinee.features.roles.rules.charter import Charter, Role
from matinee.features.roles.schemas import Explanation, RoleRef, Step, StepName
from matinee.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Words:
    """How an explanation calls the person."""

    they: str
    their: str


YOU = Words("You", "Your")
THEY = Words("They", "Their")


def explain(charter: Charter, actor: Actor, permission: str, words: Words = YOU) -> Explanation:
    """Whether `actor`, as they are now, may use a permission that exists. The verdict is the one of `actor.may`."""
    named = charter.permissions[permission]
    everybody = permission in charter.open_to_all
    may = actor.may(permission)
    holders = charter.holders(permission)
    mine = [role for role in holders if role.name in actor.roles]
    steps = list(_steps(charter, actor, permission, may, holders, mine, words))
    decided = next((step for step in steps if not step.passed), steps[-1])
    return Explanation(
        permission=permission,
        description=named.description,
        room=permission.partition(".")[0],
        may=may,
        sentence=f"{words.they} {'may' if may else 'may not'}. {decided.sentence}",
        everybody=everybody,
        mine=_refs(mine),
        held_by=_refs(holders),
        steps=steps,
    )


def _steps(
    charter: Charter,
    actor: Actor,
    permission: str,
    may: bool,
    holders: list[Role],
    mine: list[Role],
    words: Words,
) -> list[Step]:
    everybody = permission in charter.open_to_all
    their = words.their
    if actor.is_guest:
        nobody = "Nobody is signed in"
        signed_in = _step("signed_in", everybody, f"{nobody}; nobody has to be.", f"{nobody}. Sign in first.")
        return [signed_in, _by_roles(everybody, everybody, holders, [], words)]
    via = "by a program's token" if actor.scopes is not None else "with a browser"
    steps = [_step("signed_in", True, f"{words.they} are signed in {via}.")]
    blocked = actor.held_back if not may and not everybody else None
    due = blocked is not None and isinstance(blocked, FactorDue)
    held_back = "" if blocked is None else blocked.detail
    steps.append(
        _step("account", blocked is None or due, f"{their} account is open.", held_back),
    )
    steps.append(_step("factor", not due, "No second factor is due.", held_back))
    if actor.scopes is None:
        steps.append(_step("scopes", True, "No token narrows this."))
    else:
        scope = charter.permissions[permission].scope
        within = bool(charter.within({permission}, actor.scopes, reading=True))
        looking = within and scope is not None and scope not in actor.scopes
        passed = (
            "The token's scope “read” allows it, to look only." if looking else "The token's scopes allow it."
        )
        held = ", ".join(f"“{one}”" for one in actor.scopes) or "none"
        steps.append(
            _step("scopes", within, passed, f"This needs the scope “{scope}”; the token's are {held}.")
        )
    steps.append(_by_roles(bool(mine) or actor.is_system, everybody, holders, mine, words))
    return steps


def _by_roles(passed: bool, everybody: bool, holders: list[Role], mine: list[Role], words: Words) -> Step:
    if everybody:
        return _step("roles", True, "Everybody may.")
    one = len(mine) == 1
    holds = f"{words.their} {'role' if one else 'roles'} {_listed(mine)} {'holds' if one else 'hold'} it."
    lacks = f"None of {words.their.lower()} roles holds it. It is held by {_listed(holders)}."
    return _step("roles", passed, holds, lacks)


def _step(name: StepName, passed: bool, yes: str, no: str = "") -> Step:
    return Step(name=name, passed=passed, sentence=yes if passed else no)


def _listed(roles: list[Role]) -> str:
    names = [f"“{role.title}”" for role in roles]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"


def _refs(roles: list[Role]) -> list[RoleRef]:
    return [RoleRef(name=role.name, title=role.title) for role in roles]
