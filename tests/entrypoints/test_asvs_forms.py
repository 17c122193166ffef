"""What requests may hold at most, and what recovery asks: read from the document of the API, which tests keep true."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.house import House

from matinee.infra.db import Base

ROOT = Path(__file__).resolve().parents[2]
FIELDS_MOST = 8
RECOVERY = {
    "/api/v1/password-resets": {"login"},
    "/api/v1/password-resets/finish": {"token", "password", "end_tokens"},
    "/api/v1/email-confirmations": {"token"},
    "/api/v1/accounts/letters": {"email", "invitation", "work"},
    "/api/v1/session/second": {"code", "credential"},
    "/api/v1/admin/accounts/{account_id}/links": {"kind"},
}
ASKED_BY_OPERATORS = {  # of who wants to be let in, before there is an account
    "admission_application.question", "admission_application.answer", "admission_policy.question",
}  # fmt: skip
TUS = {
    "tus-resumable", "upload-length", "upload-metadata", "upload-concat", "upload-checksum", "upload-offset",
    "x-http-method-override",
}  # fmt: skip
_HINT = re.compile(r"hint|question|answer|maiden|reminder", re.IGNORECASE)


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    return found


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in _document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _forms(operation: dict[str, Any]) -> list[set[str]]:
    """The fields of the form that it takes, then those of the forms inside it."""
    found = []
    waiting = [one.get("schema", {}) for one in operation.get("requestBody", {}).get("content", {}).values()]
    for given in waiting:  # which grows meanwhile
        name = given.get("$ref", "").rpartition("/")[2]
        schema = _document()["components"]["schemas"][name] if name else given
        if "properties" in schema:
            found.append({*schema["properties"]})
        waiting += schema.get("properties", {}).values()
        waiting += [schema["items"]] if isinstance(schema.get("items"), dict) else []
        waiting += [one for kind in ("anyOf", "allOf", "oneOf") for one in schema.get(kind, [])]
    return found


def _fields(operation: dict[str, Any]) -> set[str]:
    return _forms(operation)[0] if _forms(operation) else set()


def _named(operation: dict[str, Any], place: str) -> set[str]:
    return {one["name"].lower() for one in operation.get("parameters", []) if one["in"] == place}


def test_requests_carry_few_fields_and_no_headers_but_those_of_tus() -> None:
    asking = 0
    for name, operation in _operations():
        for found in (*_forms(operation), _named(operation, "query")):
            asking += len(found)
            assert len(found) <= FIELDS_MOST, (name, sorted(found))
        assert _named(operation, "cookie") == set(), name
        if _named(operation, "header"):
            assert "/api/v1/uploads" in name
            assert _named(operation, "header") <= TUS, name
    assert asking > 100


def test_no_form_of_the_web_client_has_hidden_fields() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "web" / "src").rglob("*.tsx")]
    assert len(sources) > 50
    assert [text for text in sources if re.search(r"type=[\"']hidden", text)] == []


async def test_a_signed_in_browser_carries_three_cookies(house: House) -> None:
    ann = await house.person()
    await ann.client.get("/api/v1/me")
    names = {cookie.name.removeprefix("__Host-") for cookie in ann.client.cookies.jar}
    assert names == {"matinee_access", "matinee_refresh", "matinee_csrf"}


def test_recovery_asks_for_nothing_that_others_could_know() -> None:
    asked = {
        name.partition(" ")[2]: _fields(operation) for name, operation in _operations() if _fields(operation)
    }
    assert {path: asked[path] for path in RECOVERY} == RECOVERY
    about_recovery = {
        path
        for path in asked
        if re.search(r"reset|recover|forgot|remind|confirm|letters|links|second$", path)
    }
    # The second says how an operator made sure who asks.
    by_others = {"/api/v1/me/factors/app/confirm", "/api/v1/admin/accounts/{account_id}/factors/reset"}
    assert about_recovery - RECOVERY.keys() == by_others


def test_no_table_and_no_form_holds_a_hint_or_a_secret_question() -> None:
    columns = {
        f"{name}.{column.name}" for name, table in Base.metadata.tables.items() for column in table.columns
    }
    assert {name for name in columns if _HINT.search(name.partition(".")[2])} == ASKED_BY_OPERATORS
    forms = {name.partition(" ")[2]: _fields(operation) for name, operation in _operations()}
    hints = {path for path, fields in forms.items() if any(_HINT.search(field) for field in fields)}
    assert hints == {"/api/v1/accounts", "/api/v1/admin/admission"}
