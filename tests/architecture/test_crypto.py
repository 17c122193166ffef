"""What hides, signs and draws lots: known libraries and algorithms, and weak ones only where others ask for them."""

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher, Type

from tests.architecture.sources import SRC, imports, modules, tree

LIBRARIES = {
    "argon2": "passwords",
    "botocore": "requests to stores and SES, signed as Amazon asks",
    "hashlib": "digests",
    "hmac": "keyed digests, comparing in constant time",
    "joserfc": "access tokens, and what is sealed",
    "pyotp": "codes of apps",
    "secrets": "chance",
    "ssl": "connections",
    "webauthn": "passkeys",
}
OTHERS = {
    "Crypto", "Cryptodome", "M2Crypto", "OpenSSL", "authlib", "bcrypt", "cose", "crypt", "cryptography", "fernet",
    "itsdangerous", "jose", "jwcrypto", "jwt", "nacl", "passlib", "pyaes", "pycose", "rsa", "scrypt", "tink",
}  # fmt: skip
DIGESTS = {"sha256", "blake2b", "scrypt"}
WEAK = {
    "infra/breaches.py": {"sha1"},  # range services are asked by it
    "infra/storage/s3_cors.py": {"md5"},  # S3 asks for it
    "entrypoints/cli/migrating.py": {"md5"},  # what S3 calls a whole object
    "features/files/service/reception.py": {"new"},  # tus: what the client chose of `CHECKSUMS`
    "features/accounts/rules/totp.py": {"pyotp"},  # RFC 6238 and every app: HMAC-SHA-1
}


@cache
def _used() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Libraries, and what is taken of `hashlib`, of each module."""
    libraries: dict[str, set[str]] = defaultdict(set)
    digests: dict[str, set[str]] = defaultdict(set)
    for path in modules(SRC):
        place = str(path.relative_to(SRC / "matinee"))
        for _, name in imports(path):
            libraries[name.split(".")[0]].add(place)
            assert not name.startswith("hashlib."), f"{place}: say `hashlib.…`, so that it is found"
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "hashlib":
                digests[place].add(node.attr)
    return libraries, digests


def test_only_known_libraries_do_cryptography() -> None:
    libraries, _ = _used()
    assert OTHERS & libraries.keys() == set()
    assert LIBRARIES.keys() - libraries.keys() == set(), "no longer used"
    assert {place.split("/")[0] for name in LIBRARIES for place in libraries[name]} <= {
        "infra", "features", "entrypoints",
    }  # fmt: skip


def test_digests_are_strong_but_where_others_ask_for_weak_ones() -> None:
    libraries, digests = _used()
    weak = {place: names - DIGESTS for place, names in digests.items() if names - DIGESTS}
    for place in libraries["pyotp"]:
        weak.setdefault(place, set()).add("pyotp")
    assert weak == WEAK


def _words(path: Path, value: ast.expr) -> set[str]:
    """The texts of an expression, or of what the module binds to its name."""
    if isinstance(value, ast.Name):
        bound = [
            node.value
            for node in tree(path).body
            if isinstance(node, ast.Assign) and value.id in map(ast.unparse, node.targets)
        ]
        value = bound[0] if len(bound) == 1 else value
    texts = {node.value for node in ast.walk(value) if isinstance(node, ast.Constant)}
    return {str(text) for text in texts} or {ast.unparse(value)}


def test_keyed_digests_seals_and_signatures_name_strong_algorithms() -> None:
    named: dict[str, set[str]] = defaultdict(set)
    for path in modules(SRC):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value in ("alg", "enc"):
                        named["tokens"] |= _words(path, value)
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called in ("hmac.digest", "hmac.new"):
                named["hmac"] |= _words(path, node.args[2])
            elif called.endswith(".generate_key"):
                named["keys"] |= _words(path, node.args[0])
            elif called.startswith(("jwe.", "jwt.", "jws.")):
                for word in node.keywords:
                    named["tokens"] |= _words(path, word.value) if word.arg == "algorithms" else set()
    assert named == {
        "hmac": {"sha256", "hashlib.sha256"},
        "keys": {"Ed25519"},
        "tokens": {"dir", "A256GCM", "EdDSA"},
    }


def test_passwords_are_hashed_by_argon2id_and_no_other_kind() -> None:
    assert PasswordHasher().type is Type.ID
    (path,) = (SRC / "matinee" / place for place in _used()[0]["argon2"])
    (made,) = (
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "PasswordHasher"
    )
    assert "type" not in {word.arg for word in made.keywords}
