"""What runs or unpacks strangers' words, or only looks random, is nowhere in our code."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.sources import SRC, imports, modules, tree, where

MODULES = {"pickle", "marshal", "shelve", "dill", "yaml", "random"}
CALLS = {"eval", "exec", "compile", "__import__"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
COMPUTED = {"format_map", "vformat", "substitute", "safe_substitute"}
DIVISORS = {"across", "block_bytes", "SLICE_BYTES", "rules.POSTERS_AT_ONCE"}
"""Numbers that `%` divides by, beside those that are written there."""
PARSERS_OF_XML = {"infra/storage/s3_cors.py", "infra/storage/s3_multipart.py"}


def test_nothing_unpacks_objects_or_guesses_chance() -> None:
    wrong = [
        f"{where(path, line)} imports {name}"
        for path in modules(SRC)
        for line, name in imports(path)
        if name.split(".")[0] in MODULES
    ]
    assert wrong == []


def test_no_text_is_run_as_code_or_by_a_shell() -> None:
    wrong = []
    for path in modules(SRC):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            shell = any(
                word.arg == "shell"
                and not (isinstance(word.value, ast.Constant) and word.value.value is False)
                for word in node.keywords
            )
            if name in CALLS | SHELLS or name.endswith("create_subprocess_shell") or shell:
                wrong.append(f"{where(path, node.lineno)} calls {name}")
    assert wrong == []


@cache
def _written_in(module: ast.Module) -> set[str]:
    """Names that a module or a class of it binds, once and for all, to a text or to a dict of texts."""

    def is_text(value: ast.expr | None) -> bool:
        if isinstance(value, ast.Dict):
            return all(is_text(one) for one in value.values)
        return isinstance(value, ast.JoinedStr) or (
            isinstance(value, ast.Constant) and isinstance(value.value, str)
        )

    bodies: list[ast.Module | ast.ClassDef] = [module]
    bodies += [node for node in module.body if isinstance(node, ast.ClassDef)]
    found = {
        name.id: node
        for body in bodies
        for node in body.body
        if isinstance(node, ast.Assign) and is_text(node.value)
        for name in node.targets
        if isinstance(name, ast.Name)
    }
    bound = [
        node.id for node in ast.walk(module) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return {name for name in found if bound.count(name) == 1}


def _is_constant(format_: ast.expr, written: set[str]) -> bool:
    if isinstance(format_, ast.Constant):
        return isinstance(format_.value, str)
    if isinstance(format_, ast.Call):
        return ast.unparse(format_.func) == "sql.SQL" and all(
            _is_constant(one, set()) for one in format_.args
        )
    if isinstance(format_, ast.Subscript):
        format_ = format_.value
    name = format_.attr if isinstance(format_, ast.Attribute) else getattr(format_, "id", None)
    return name in written


def _computed_formats(path: Path) -> list[str]:
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            kind, written = node.func.attr, _written_in(tree(path))
            formats = {"format": [node.func.value], "strftime": node.args[:1]}.get(kind, [])
            computed = kind in COMPUTED or not all(_is_constant(one, written) for one in formats)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            number = isinstance(node.right, ast.Constant) and isinstance(node.right.value, int)
            computed = not number and ast.unparse(node.right) not in DIVISORS
        else:
            continue
        if computed:
            found.append(f"{where(path, node.lineno)} formats {ast.unparse(node)[:60]}")
    return found


def test_formats_of_texts_are_written_and_never_computed() -> None:
    assert [one for path in modules(SRC) for one in _computed_formats(path)] == []


def test_a_computed_format_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [
        "given.format(1)", "given.format('a')", "f'{given} {{}}'.format(1)", "(given + '{}').format(1)",
        "'{}'.join(given).format(1)",
        "given % (1,)", "given % one", "f'{given}' % {'a': 1}", "sql.SQL(given).format(1)", "now.strftime(given)",
        "given.format_map({})", "Template(given).substitute(a=1)",
        "W = 'a'\nW = given\nW.format(1)",
        "def f(given):\n    words = f'{given}'\n    return words.format(1)",
    ]  # fmt: skip
    right = [
        "'{}'.format(1)",
        "W = {'a': '{}'}\nW[key].format(1)",
        "now.strftime('%Y')",
        "ms % 60",
        "W = 'a'\nself.W.format(1)",
    ]
    for source in (*wrong, *right):
        monkeypatch.setattr("tests.architecture.test_dangerous.tree", lambda _, said=source: ast.parse(said))
        assert bool(_computed_formats(SRC / "one.py")) is (source in wrong), source


def test_only_answers_of_the_store_are_read_as_xml() -> None:
    reading = {
        str(path.relative_to(SRC / "matinee"))
        for path in modules(SRC)
        for _, name in imports(path)
        if {"xml", "lxml", "xmltodict", "bs4", "html5lib", "defusedxml"} & set(name.split("."))
    }
    assert reading == PARSERS_OF_XML
