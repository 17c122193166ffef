"""What the sources of the web client hold and do not: read as text, one element or call at a time."""

import re
from collections.abc import Iterator
from functools import cache

from tests.architecture.sources import ROOT

WEB = ROOT / "web"
RUNS_TEXT = re.compile(
    r"\beval\s*\(|\bnew\s+Function\b|\bFunction\s*\(|\b(?:setTimeout|setInterval)\s*\(\s*[`\"']|document\.write"
    r"|\bimport\s*\(\s*[^\"'\s/]|srcdoc|insertAdjacentHTML|\.(?:inner|outer)HTML\s*=|dangerouslySetInnerHTML|javascript:"
)
HOLDS_BACK = re.compile(r"onPaste|onBeforeInput|[\"'](?:paste|beforeinput)[\"']")
KINDS = {
    r"current-password": r"Password( now)?|Your password",
    r"new-password": r"",  # `NewPassword` takes its label from who uses it
    r"email": r"E-mail|New address",
    r"one-time-code": r"Code that the app shows now|.*[Rr]ecovery code.*",
    r"username webauthn": r"E-mail or handle",
    r"username": r"Handle",
    r"name": r"Name",
}
SECRETS = re.compile(r"password|recovery code|the app shows", re.IGNORECASE)


@cache
def _sources() -> dict[str, str]:
    found = {
        str(path.relative_to(WEB)): path.read_text(encoding="utf-8")
        for path in sorted((WEB / "src").rglob("*"))
        if re.fullmatch(r".+\.(?:ts|tsx|js)", path.name) and not re.search(r"\.(?:test|d)\.", path.name)
    }
    assert len(found) > 100
    return found


def _elements(name: str) -> Iterator[tuple[str, str]]:
    """File and attributes of each element of this name; braces inside attributes may nest."""
    for file, text in _sources().items():
        for begun in re.finditer(rf"<{name}\b(?!\w)", text):
            at, depth = begun.end(), 0
            while depth or text[at] != ">":
                depth += {"{": 1, "}": -1}.get(text[at], 0)
                at += 1
            yield file, text[begun.end() : at]


def _said(attributes: str, name: str) -> str:
    """The text or the expression of an attribute; nothing where it is missing."""
    found = re.search(rf"\b{name}=(?:\"([^\"]*)\"|\{{(.*?)\}}(?=\s|/|$))", attributes, re.DOTALL)
    return "" if found is None else found[1] or found[2] or ""


def test_no_text_becomes_code_or_html_in_a_browser() -> None:
    wrong = [
        f"{file}: {hit[0]}"
        for file, text in _sources().items()
        for hit in RUNS_TEXT.finditer(text)
    ]  # fmt: skip
    assert wrong == []


def test_what_would_run_text_is_found() -> None:
    for text in (
        "eval(x)",
        "new Function(x)",
        "Function('x')()",
        "setTimeout('x', 1)",
        "import(name)",
        "a.innerHTML = b",
    ):
        assert RUNS_TEXT.search(text), text
    for text in ("JSON.parse(x)", "setTimeout(() => x, 1)", 'import("./engine")', "interface Function1 {}"):
        assert not RUNS_TEXT.search(text), text


def test_the_linter_of_the_web_client_refuses_code_made_of_text() -> None:
    rules = (WEB / "eslint.config.js").read_text(encoding="utf-8")
    assert '"no-eval": "error", "no-new-func": "error"' in rules
    assert "tseslint.configs.strictTypeChecked" in rules, "it holds no-implied-eval"


def test_fields_for_secrets_name_what_they_hold_so_that_password_managers_fill_them() -> None:
    kinds = []
    for file, attributes in _elements("Field"):
        label, kind, type_ = (_said(attributes, name) for name in ("label", "autoComplete", "type"))
        secret = "password" in type_ or SECRETS.search(label)
        if secret:
            assert kind in ("current-password", "new-password", "one-time-code"), (file, attributes)
        if type_ == "email":
            assert kind == "email", (file, attributes)
        if kind in KINDS:
            assert not KINDS[kind] or re.search(KINDS[kind], label), (file, attributes)
            kinds.append(kind)
    assert {*kinds} == {*KINDS}
    assert kinds.count("current-password") >= 4


def test_no_field_for_text_stands_outside_the_one_that_has_its_browsers_help() -> None:
    """`ui/Field` hands on what it is told, and nothing in the client takes pasting away."""
    inputs = {
        (file, _said(attributes, "type"))
        for name in ("input", "Input")
        for file, attributes in _elements(name)
    }
    assert {type_ for file, type_ in inputs if file != "src/ui/Field.tsx"} <= {
        "file",
        "range",
        "checkbox",
        "radio",
    }
    assert "<TextField {...rest}" in _sources()["src/ui/Field.tsx"]
    wrong = [f"{file}: {hit[0]}" for file, text in _sources().items() for hit in HOLDS_BACK.finditer(text)]
    assert wrong == []
