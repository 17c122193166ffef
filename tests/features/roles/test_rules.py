"""What roles hold, who may give which, and why: decided without a database."""

import itertools

import pytest

from matinee.entrypoints import product
from matinee.features.accounts.errors import FactorDue
from matinee.features.roles import rules
from matinee.features.roles.errors import AboveYou, BeyondYours, OwnersOnly
from matinee.features.roles.rules.charter import Charter, Role
from matinee.features.roles.rules.explaining import THEY, YOU, explain
from matinee.kernel.actor import ROLES, SYSTEM, Actor
from matinee.kernel.errors import MatineeError
from matinee.kernel.ids import AccountId, new_id


def made(name: str, *permissions: str) -> Role:
    return Role(name=name, title=name.title(), about="", permissions=frozenset(permissions), built_in=False)


CHARTER = Charter(
    product.PERMISSIONS,
    [
        made("helper", "accounts.audit", "roles.read"),
        made("chief", "roles.give", "accounts.audit", "roles.read", "videos.edit"),
        made("relic", "a.permission_of_before", "videos.edit"),
        made("admin", "videos.watch"),
    ],
)


def actor(*roles: str) -> Actor:
    held = frozenset({"guest", *roles})
    return Actor(
        account_id=AccountId(new_id()), roles=held, permissions=CHARTER.permissions_of(held), via="session"
    )


def test_what_no_role_is_called_holds_nothing_and_what_the_code_forgot_grants_nothing() -> None:
    assert CHARTER.permissions_of({"nobody", "knows"}) == frozenset()
    assert CHARTER.permissions_of({"relic"}) == {"videos.edit"}


def test_nobody_redefines_a_role_that_comes_with_the_house() -> None:
    assert CHARTER.permissions_of({"admin"}) == Charter(product.PERMISSIONS).permissions_of({"admin"})


def test_owners_hold_everything() -> None:
    assert CHARTER.permissions_of({"owner"}) == set(product.PERMISSIONS)


GIFTS: list[tuple[str, list[str], list[str], type[MatineeError] | None]] = [
    ("owner", [], ["admin", "owner"], None),
    ("owner", ["owner", "admin"], [], None),
    ("admin", ["viewer"], ["viewer", "creator", "helper"], None),
    ("admin", ["creator"], ["admin"], OwnersOnly),
    ("admin", ["admin", "creator"], ["creator"], OwnersOnly),
    ("admin", ["owner"], ["owner", "moderator"], None),
    ("admin", ["owner"], [], OwnersOnly),
    ("admin", [], ["chief"], OwnersOnly),
    ("chief", ["guest"], ["helper"], None),
    ("chief", [], ["creator"], BeyondYours),
    ("chief", ["creator"], ["creator", "helper"], AboveYou),
    ("chief", ["chief"], [], OwnersOnly),
    ("chief", ["helper"], [], None),
]


@pytest.mark.parametrize(("giver", "before", "after", "error"), GIFTS)
def test_one_gives_and_takes_what_one_holds_and_owners_make_who_decides(
    giver: str, before: list[str], after: list[str], error: type[MatineeError] | None
) -> None:
    if error is None:
        rules.check_gift(CHARTER, actor(giver), before, after)
    else:
        with pytest.raises(error):
            rules.check_gift(CHARTER, actor(giver), before, after)
    rules.check_gift(CHARTER, SYSTEM, before, after)


def test_nobody_makes_a_role_of_more_than_they_hold_nor_one_that_decides() -> None:
    rules.check_change(actor("admin"), ["videos.edit"], ["accounts.audit"])
    with pytest.raises(BeyondYours, match=r"videos\.oversee"):
        rules.check_change(actor("chief"), ["videos.oversee"], [])
    for power in rules.POWERS:
        with pytest.raises(OwnersOnly):
            rules.check_change(actor("admin"), [power], [])
    rules.check_change(actor("owner"), [], sorted(rules.POWERS))


# -- why

SCOPES = ["read", "upload", "manage", "account", "operate"]


def states(role: str) -> list[Actor]:
    """In a browser, as programs, and with a second factor due."""
    whole = actor(role)
    found = [whole]
    for scopes in [(), *itertools.combinations(SCOPES, 1), tuple(SCOPES)]:
        within = CHARTER.within(whole.permissions, scopes, reading=True)
        found.append(
            Actor(
                account_id=whole.account_id, roles=whole.roles, permissions=within, via="token", scopes=scopes
            )
        )
    left = whole.permissions & (CHARTER.open_to_all | {"accounts.secure"})
    found.append(
        Actor(account_id=whole.account_id, roles=whole.roles, permissions=left, held_back=FactorDue())
    )
    return found


def test_an_explanation_says_what_a_request_would_meet() -> None:
    guest = Actor(permissions=CHARTER.open_to_all)
    for one in [guest, *(state for role in [*ROLES, "helper", "nobody"] for state in states(role))]:
        for permission in product.PERMISSIONS:
            found = explain(CHARTER, one, permission)
            assert found.may == one.may(permission)
            assert found.may == all(step.passed for step in found.steps), (one, found)
            assert all(step.sentence.endswith(".") for step in found.steps)


@pytest.mark.parametrize(
    ("who", "permission", "sentence"),
    [
        (actor("creator"), "videos.create", "You may. Your role “Creator” holds it."),
        (actor("creator"), "videos.watch", "You may. Everybody may."),
        (
            actor("viewer"),
            "accounts.audit",
            "You may not. None of your roles holds it. It is held by “Admin”, “Owner”, “Helper” and “Chief”.",
        ),
        (Actor(), "videos.create", "You may not. Nobody is signed in. Sign in first."),
        (
            states("admin")[4],
            "admin.operate",
            "You may not. This needs the scope “operate”; the token's are “manage”.",
        ),
        (
            states("admin")[1],
            "videos.edit",
            "You may not. This needs the scope “manage”; the token's are none.",
        ),
        (
            states("admin")[-1],
            "admin.operate",
            "You may not. The operator asks for a second factor of your role. Set one up in Settings; then you can go"
            " on.",
        ),
    ],
)
def test_the_sentence_names_the_first_thing_that_is_in_the_way(
    who: Actor, permission: str, sentence: str
) -> None:
    assert explain(CHARTER, who, permission, YOU).sentence == sentence


def test_operators_read_of_others_in_the_third_person() -> None:
    found = explain(CHARTER, actor("viewer", "creator"), "files.read_own", THEY)
    assert found.sentence == "They may. Their roles “Viewer” and “Creator” hold it."
    assert [step.name for step in found.steps] == ["signed_in", "account", "factor", "scopes", "roles"]
