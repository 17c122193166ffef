"""The pages about threats, data and ways of working name what there is in the code, and nothing that is not."""

import ast
import json
import re
from functools import cache
from importlib import import_module
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from tests.architecture.sources import ROOT, SRC, modules, tree

import parts
import setup
from matinee.entrypoints import product
from matinee.entrypoints.cli.settings_reference import concerns, variable
from matinee.features.accounts import service as accounts
from matinee.infra.db import Base
from matinee.infra.limits import door
from matinee.infra.work import Work

THREATS = (ROOT / "docs" / "reference" / "threats.md").read_text(encoding="utf-8")
DATA = (ROOT / "docs" / "reference" / "data.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BORDERS = range(1, 8)
OPENS = re.compile(
    r"httpx\.(?:AsyncClient|Client|get|post|put|patch|delete|head|request|stream)|httpcore\.\w+Pool|urllib\.request\.\w+"
    r"|(?:\w+\.)?(?:open_connection|create_connection|create_unix_connection|create_async_engine|S3Store|SMTP(?:_SSL)?)"
    r"|psycopg\.(?:connect|\w*Connection\.connect)|procrastinate\.\w+Connector|Redis\.from_url|InstanceMetadataFetcher"
    r"|(?:requests|aiohttp|websockets|ftplib|http\.client|telnetlib|paramiko|grpc|boto3)\..+"
)
BOUND = re.compile(
    r"^limit_|_most$|_most_|^max_|_max_|_at_once$|_each$|_per_(?!s$)|quota|_calm$|_waiting|_reserve_|_changes$|_least_bytes_"
)
ELSEWHERE = re.compile(r"_url$|_endpoint$|^mail$|^server$|_networks$")


def _rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the tables below a heading, without their first lines."""
    (text,) = [part for part in page.split("\n## ")[1:] if part.startswith(heading)]
    lines = re.findall(r"^\| (.+) \|$(?!\n\|---)", text, re.MULTILINE)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


@cache
def _settings() -> dict[str, Any]:
    return {name: field for concern in concerns() for name, field in concern.model_fields.items()}


def _named(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_border_of_the_picture_has_its_threats_and_an_answer_to_each() -> None:
    drawn = {int(number) for number in re.findall(r"(?<=[ │►▼▲├])\s([1-7])\s", THREATS.split("```")[1])}
    assert drawn == {*BORDERS}
    kinds = set()
    for number in BORDERS:
        (title,) = re.findall(rf"^## ({number} .+)$", THREATS, re.MULTILINE)
        rows = _rows(THREATS, title)
        assert len(rows) >= 3, title
        for letters, threat, answer in rows:
            assert threat.strip(), title
            assert answer.strip(), title
            kinds |= {*letters.split(", ")}
    assert kinds == {*"STRIDE"}


def test_every_module_that_opens_a_line_and_every_service_stands_at_its_border() -> None:
    opening = set()
    for path in modules(SRC):
        calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
        if any(OPENS.fullmatch(ast.unparse(call.func)) for call in calls):
            opening.add(str(path.relative_to(SRC / "matinee")))
    rows = [row for row in _rows(THREATS, "Where the borders lie") if re.fullmatch("[1-7]", row[0])]
    outward = {name for number, named, _ in rows for name in _named(named) if number in "356"}
    assert outward == opening
    for _, named, _ in rows:
        for name in _named(named):
            assert (SRC / "matinee" / name).exists(), name
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
    named_services = [name for *_, named in rows for name in _named(named)]
    assert sorted(named_services) == sorted(services)


def test_every_room_stands_at_borders_and_says_what_crosses_them() -> None:
    rooms = {
        _named(row[0])[0]: row for row in _rows(THREATS, "Where the borders lie") if row[0].startswith("`")
    }
    assert rooms.keys() == {room.name for room in product.ROOMS}
    for name, (_, borders, what) in rooms.items():
        assert {*map(int, borders.split(", "))} <= {*BORDERS}, name
        assert len(what) > 20, name
    reached = {room.name for room in product.ROOMS if room.router is not None}
    at_the_door = {name for name, row in rooms.items() if {"1", "2"} & {*row[1].split(", ")}}
    assert at_the_door == reached, "whoever answers requests stands at border 1 or 2"


def test_every_setting_that_names_somebody_elsewhere_says_at_which_border_and_how_they_are_known() -> None:
    rows = [row for row in _rows(THREATS, "Where the borders lie") if len(row) == 4]
    named = {name for row in rows for name in _named(row[1])}
    elsewhere = {variable(name) for name in _settings() if ELSEWHERE.search(name) and name != "public_url"}
    assert named == elsewhere
    for whom, _, border, known in rows:
        assert border in ("3", "5", "6"), whom
        assert known, whom


def test_every_bound_answers_a_threat_of_a_border() -> None:
    named: list[str] = []
    for against, bounds in _rows(THREATS, "Bounds that answer them"):
        (where, kinds) = re.findall(r"\(([\d, and]+), ([A-Z and]+)\)$", against)[0]
        for number in re.findall(r"\d", where):
            (title,) = re.findall(rf"^## ({number} .+)$", THREATS, re.MULTILINE)
            answered = {letter for row in _rows(THREATS, title) for letter in row[0].split(", ")}
            assert {*re.findall("[STRIDE]", kinds)} & answered, against
        named += _named(bounds)
    assert len(named) == len({*named})
    assert {*named} == {variable(name) for name in _settings() if BOUND.search(name)}


def test_every_class_of_requests_is_named() -> None:
    (text,) = re.findall(r"^Classes of requests .*: (.*)\.$", THREATS, re.MULTILINE)
    assert {*_named(text)} == {*door.Class.__args__}  # type: ignore[attr-defined]


@cache
def _classes() -> dict[str, set[str]]:
    """Table → its classes."""
    found = re.findall(r"`([a-z]+_\w+)` ([A-E](?: [A-E])*)(?=,| \|)", DATA)
    assert len(found) == len({table for table, _ in found})
    return {table: {*classes.split()} for table, classes in found}


def test_every_table_is_of_a_class() -> None:
    for path in modules(SRC):
        if "__tablename__" in path.read_text(encoding="utf-8"):
            import_module(".".join(path.relative_to(SRC).with_suffix("").parts))
    assert _classes().keys() == Base.metadata.tables.keys()
    for room, tables in _rows(DATA, "Which table is of which class"):
        assert all(table.startswith(f"{_named(room)[0]}_") for table in _named(tables)), room


def test_what_opens_or_seals_is_of_a_class_of_secrets() -> None:
    secret = re.compile(
        r"(?:password|secret|refresh|before|code)_hash|sealed|seal|mac|challenge|private\w*|seed"
    )
    for name, table in Base.metadata.tables.items():
        columns = {column.name for column in table.columns if secret.fullmatch(column.name)}
        if name == "accounts_audit":
            columns -= {"sealed"}  # words about people, which a key of their own seals
        assert bool(columns) <= bool(_classes()[name] & {"A", "B"}), (name, columns)


def test_what_is_of_people_is_of_a_class_of_people() -> None:
    people = {
        "account_id",
        "owner_id",
        "by_id",
        "about_id",
        "made_by",
        "profile_id",
        "viewer",
        "email",
        "address",
    }
    for name, table in Base.metadata.tables.items():
        if people & {column.name for column in table.columns}:
            assert _classes()[name] & {"C", "D"}, name
    for room in product.ROOMS:
        for told in room.told:
            for name in told.tables:
                wanted = {"operators": {"C"}, "chosen": {"C", "D"}, "everybody": {"D"}}[told.seen_by]
                assert wanted <= _classes()[name], (name, told.file)
        for name, why in room.untold.items():
            if "about no person" in why:
                assert _classes()[name] <= {"B", "E"}, name


def test_every_secret_setting_is_of_a_class_of_secrets() -> None:
    (text,) = re.findall(r"^Settings of class A: (.*?\.)\n*\Z", DATA, re.MULTILINE | re.DOTALL)
    secrets = {
        variable(name) for name, field in _settings().items() if SecretStr.__name__ in str(field.annotation)
    }
    assert {*_named(text)} == secrets


def test_every_class_says_how_it_is_kept_who_sees_it_how_long_and_what_code_must_do() -> None:
    first = DATA.split("\n## ")[0]
    rows = re.findall(r"^\| \*\*([A-E])\*\* .+? \| (.+) \| (.+) \| (.+) \| (.+) \|$", first, re.MULTILINE)
    rules = re.findall(r"^- \*\*([A-E])\*\* (.{20,})$", first, re.MULTILINE)
    assert [letter for letter, *_ in rows] == [letter for letter, _ in rules] == [*"ABCDE"]
    assert {letter for classes in _classes().values() for letter in classes} == {*"ABCDE"}


@cache
def _forms() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    return {
        name: schema
        for name, schema in document["components"]["schemas"].items()
        if any(
            f'/{name}"' in str(one.get("requestBody", "")).replace("'", '"') for one in _operations(document)
        )
    }


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for methods in document["paths"].values() for one in methods.values()]


def test_passwords_in_forms_never_show_themselves() -> None:
    """As the page says of class A: they are `SecretStr`, which the document calls passwords."""
    found = []
    for form, schema in _forms().items():
        for name, field in schema.get("properties", {}).items():
            if name in ("password", "current", "new"):
                kinds = [field, *field.get("anyOf", [])]
                assert any(one.get("format") == "password" for one in kinds), (form, name)
                found.append(name)
    assert len(found) >= 8


def test_a_found_hole_has_a_way_and_every_change_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of `make check`, `make test` and the workflows: what CONTRIBUTING says they do."""
    assert "Report a vulnerability" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    ran: list[str] = []
    for part in ("python", "node", "node_modules", "web"):
        monkeypatch.setattr(parts, part, lambda *_: None)
    monkeypatch.setattr(setup.Steps, "run", lambda _, name, *__: ran.append(name))
    linters = {"ruff", "ruff format", "mypy", "borders", "dependencies", "web types", "web lint"}
    assert setup.test() == 0
    assert linters | {"web unit tests", "web first load", "tests"} == {*ran}
    ran.clear()
    assert setup.check() == 0
    assert linters | {"known holes", "architecture"} == {*ran}
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    for task in ("check", "test"):
        assert f"- run: make {task}\n" in workflow
        assert f"`make {task}`" in CONTRIBUTING
    chosen = re.search(
        r"^select = \[(.*?)\]",
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert chosen is not None
    assert {'"S"', '"ASYNC"', '"B"', '"G"', '"DTZ"'} <= {*re.findall(r'"\w+"', chosen[1])}


def test_the_rules_of_hand_name_what_there_is() -> None:
    (rules,) = re.findall(r"^## Rules of hand\n(.*?)^## ", CONTRIBUTING, re.MULTILINE | re.DOTALL)
    wanted = (
        "bounded",
        "404",
        "checked against the actor",
        "never reach a log",
        "never commit",
        "transaction",
    )
    for subject in wanted:
        assert subject in rules, subject
    assert "accounts.audit.record(work" in rules
    assert callable(accounts.audit.record)
    assert "work.outside()" in rules
    assert callable(Work.outside)
    conftest = (ROOT / "tests" / "conftest.py").read_text() + "".join(
        path.read_text()
        for path in (ROOT / "tests").rglob("*.py")
        if path.name in ("browser.py", "conftest.py", "server.py")
    )
    (fixtures,) = re.findall(r"^## Tests\n(.*?)^## ", CONTRIBUTING, re.MULTILINE | re.DOTALL)
    for names in re.findall(r"^\| (`.+?) \| ", fixtures, re.MULTILINE):
        for name in re.findall(r"`(\w+)", names):
            assert re.search(rf"def {name}\(", conftest), name
    for name in re.findall(r"`([\w/.-]+\.(?:py|toml|md)|\.importlinter)`|\]\((\w[\w/.]+)\)", CONTRIBUTING):
        path = next(filter(None, name))
        found = [ROOT / path, *SRC.rglob(path)]
        assert any(one.exists() for one in found) or path.startswith("migrations/versions/0007"), path
