"""Who may know whom, beyond what `.importlinter` says."""

import configparser
import re

from tests.architecture.sources import FEATURES, ROOT, SRC, imports, modules, rooms, tree, where

FACES = {"service", "schemas", "messages", "errors"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}


def _contracts() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    return parser


def test_a_room_is_reached_only_through_its_four_faces() -> None:
    wrong = []
    for path in modules(SRC):
        inside = path.relative_to(FEATURES).parts[0] if path.is_relative_to(FEATURES) else None
        is_list_of_rooms = path == SRC / "matinee" / "entrypoints" / "product.py"
        for line, name in imports(path):
            parts = name.split(".")
            if parts[:2] != ["matinee", "features"] or len(parts) < 4 or parts[2] == inside:
                continue
            if parts[3] in FACES or (is_list_of_rooms and parts[3] == "wiring"):
                continue
            wrong.append(f"{where(path, line)} reaches into {name}")
    assert wrong == []


def test_nobody_imports_a_part_of_a_foreign_service() -> None:
    wrong = []
    for path in modules(SRC):
        inside = path.relative_to(FEATURES).parts[0] if path.is_relative_to(FEATURES) else None
        for line, name in imports(path):
            parts = name.split(".")
            if parts[:2] != ["matinee", "features"] or len(parts) < 5 or parts[2] == inside:
                continue
            room, face, part = parts[2], parts[3], parts[4]
            if (FEATURES / room / face / f"{part}.py").exists():
                wrong.append(f"{where(path, line)}: the door is {room}.{face}, not its part {part}")
    assert wrong == []


def test_every_room_is_held_to_the_inner_shape() -> None:
    contracts = _contracts()
    listed = re.findall(r"matinee\.features\.(\w+)", contracts["importlinter:contract:inner"]["containers"])
    rows = contracts["importlinter:contract:rows"]["layers"]
    in_rows = set(re.findall(r"(?<!\()\b(\w+)\b(?!\))", rows))
    assert sorted(listed) == rooms()
    assert sorted(in_rows) == rooms(), "rooms that are built stand without parentheses, the others with"


def test_every_room_has_its_service_and_its_wiring() -> None:
    for room in rooms():
        folder = FEATURES / room
        assert (folder / "wiring.py").exists()
        assert (folder / "service.py").exists() or (folder / "service" / "__init__.py").exists(), room
    folders = {p.name for p in FEATURES.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders == set(rooms()), "an empty room is not built ahead"


def test_every_built_room_is_in_the_list_of_rooms() -> None:
    from matinee.entrypoints import product

    built = {room.name for room in product.ROOMS if (FEATURES / room.name).is_dir()}
    assert built == set(rooms())


def test_every_module_says_what_it_is_for() -> None:
    import ast

    folders = [ROOT / name for name in ("src", "migrations", "scripts", "bench", "tests/support")]
    silent = [
        where(path, 1)
        for path in modules(*folders)
        if not (ast.get_docstring(tree(path)) or "").strip() and path.read_text().strip()
    ]
    empty = [where(path, 1) for path in modules(SRC) if not path.read_text().strip()]
    assert silent + empty == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    folders = [ROOT / name for name in ("src", "tests", "scripts", "bench")]
    vague = [where(path, 1) for path in modules(*folders) if {*path.parts, path.stem} & FORBIDDEN_NAMES]
    assert vague == []


def test_rooms_and_kernel_never_read_the_environment() -> None:
    wrong = [
        f"{where(path, line)} imports {name}"
        for path in modules(FEATURES, SRC / "matinee" / "kernel")
        for line, name in imports(path)
        if name in {"os.environ", "os.getenv"}
    ]
    text = re.compile(r"\bos\.(environ|getenv)\b")
    wrong += [
        where(path, number)
        for path in modules(FEATURES, SRC / "matinee" / "kernel")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if text.search(line)
    ]
    assert wrong == []


def test_only_the_edges_commit() -> None:
    """A service that commits would break the transaction of whoever called it."""
    wrong = [
        where(path, number)
        for path in modules(FEATURES)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\b(session|work)\.commit\(", line)
    ]
    assert wrong == []
