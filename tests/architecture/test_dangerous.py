"""What runs or unpacks strangers' words, or only looks random, is nowhere in our code."""

import ast

from tests.architecture.sources import SRC, imports, modules, tree, where

MODULES = {"pickle", "marshal", "shelve", "dill", "yaml", "random"}
CALLS = {"eval", "exec", "compile", "__import__"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}


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
