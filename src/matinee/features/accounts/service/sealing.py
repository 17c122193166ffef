"""Sealing what lies in the database under a secret of this machine: it can be opened with the same secret alone."""

import hashlib

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_ALGORITHMS = ["dir", "A256GCM"]


def name_of(secret: bytes) -> str:
    """Tells two secrets apart and leads back to neither."""
    return hashlib.sha256(secret).hexdigest()[:16]


def seal(plain: str, secret: bytes) -> str:
    header = {"alg": "dir", "enc": "A256GCM"}
    return jwe.encrypt_compact(header, plain, OctKey.import_key(secret), algorithms=_ALGORITHMS)


def opened(sealed: str, secret: bytes) -> str | None:
    """None when it was sealed under another secret, or changed."""
    try:
        plain = jwe.decrypt_compact(sealed, OctKey.import_key(secret), algorithms=_ALGORITHMS).plaintext
    except JoseError:
        return None
    return None if plain is None else plain.decode()
