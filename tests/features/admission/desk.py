"""What the tests of the doors do again and again."""

import itertools
from typing import Any

import httpx
from tests.support.house import House, Person

from matinee.features.admission import rules

PASSWORD = "correct horse battery"
POLICY = {"mode": "open", "work": False, "question": "", "invitations_per_member": 0}


async def choose(operator: Person, **other: Any) -> dict[str, Any]:
    """The operator chooses how the doors are."""
    answer = await operator.client.put("/api/v1/admin/admission", json=POLICY | other)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def join(
    house: House, name: str, client: httpx.AsyncClient | None = None, **other: Any
) -> httpx.Response:
    """A stranger asks for an account."""
    form = {
        "email": f"{name}@example.org",
        "password": PASSWORD,
        "handle": name,
        "display_name": name.title(),
    }
    browser = client or await house.client()
    answer = await browser.post(
        "/api/v1/accounts", json={k: v for k, v in (form | other).items() if v is not None}
    )
    if answer.status_code == 201:
        browser.headers["X-CSRF-Token"] = browser.cookies["__Host-matinee_csrf"]
    return answer


async def joined(house: House, name: str, **other: Any) -> httpx.AsyncClient:
    """The browser of somebody who just made an account."""
    client = await house.client()
    answer = await join(house, name, client, **other)
    assert answer.status_code == 201, answer.text
    return client


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def invitation(operator: Person, **other: Any) -> str:
    """The secret of a new one."""
    answer = await operator.client.post("/api/v1/admin/invitations", json=other)
    assert answer.status_code == 201, answer.text
    link: str = answer.json()["link"]
    return link.partition("/sign-up#")[2]


async def challenge(house: House) -> dict[str, Any]:
    answer = await (await house.client()).post("/api/v1/sign-up/challenge")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def solved(given: dict[str, Any]) -> dict[str, Any]:
    """With right numbers, as a program finds them."""
    numbers = [
        next(n for n in itertools.count() if rules.solves(given["salt"], part, n, given["tries"]))
        for part in range(given["answers"])
    ]
    return given | {"numbers": numbers}
