"""How secrets are made and kept: enough chance in each, every sign counts, nothing sealed twice alike."""

import base64
import json

import pytest
from tests.support.house import House

from matinee.features.accounts import rules
from matinee.features.accounts.rules import recovery_codes, refresh, totp
from matinee.features.accounts.service import passwords, sealing
from matinee.features.accounts.settings import PasswordSettings

LONG = "".join(f"{n * 7919 % 1000:03}," for n in range(rules.PASSWORD_MOST // 4))
CHEAP = PasswordSettings(argon2_time_cost=1, argon2_memory_kib=8)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def test_equal_passwords_have_salts_and_hashes_of_their_own() -> None:
    kept = [await passwords.hash_password(CHEAP, "correct horse battery") for _ in range(3)]
    parts = [one.split("$") for one in kept]
    assert {part[1] for part in parts} == {"argon2id"}
    salts = {base64.b64decode(part[4] + "==") for part in parts}
    assert len(salts) == len({part[5] for part in parts}) == 3
    assert {len(salt) for salt in salts} == {16}
    defaults = PasswordSettings()
    assert defaults.argon2_memory_kib >= 19 * 1024
    assert defaults.argon2_time_cost >= 2


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (LONG, LONG[:-1] + "x"),
        ("two  spaces in it", "two spaces in it"),
        ("🐘 sits on a 🏔 at noon", "🐘 sits on a 🏔 at noo"),
        ("ねこ と いぬ と さかな と", "ねこ と いぬ と さかな も"),
    ],
)
async def test_every_sign_of_a_password_counts(right: str, wrong: str) -> None:
    rules.check_password(right, ())
    kept = await passwords.hash_password(CHEAP, right)
    assert await passwords.verify(CHEAP, kept, right) == (True, False)
    assert await passwords.verify(CHEAP, kept, wrong) == (False, False)


def test_secrets_hold_enough_chance() -> None:
    assert len(_bytes(rules.new_secret())) == 32
    assert len(refresh.new_secret()) == 32
    assert len(base64.b32decode(totp.new_secret())) == 20
    assert len(rules.new_token()) == len("mat_") + 43 + 6
    assert len(rules.new_first_password()) == 16, "64 signs: 96 bits"
    makers = (
        rules.new_secret,
        rules.new_first_password,
        rules.new_token,
        rules.new_user_code,
        recovery_codes.new_code,
        totp.new_secret,
    )
    for make in makers:
        assert len({make() for _ in range(500)}) == 500
    signs = {sign for _ in range(500) for sign in recovery_codes.new_code().replace("-", "")}
    assert len(signs) == 32, "16 of these are 80 bits"
    letters = {sign for _ in range(500) for sign in rules.new_user_code().replace("-", "")}
    assert len(letters) == 20, "8 of these are 34 bits"


def test_what_is_sealed_opens_under_its_own_secret_alone_and_unchanged() -> None:
    one, other = b"k" * 32, b"o" * 32
    sealed = [sealing.seal("the words", one) for _ in range(50)]
    header, nonces = (
        json.loads(_bytes(sealed[0].split(".")[0])),
        {_bytes(text.split(".")[2]) for text in sealed},
    )
    assert header == {"alg": "dir", "enc": "A256GCM"}
    assert len(nonces) == 50
    assert {len(nonce) for nonce in nonces} == {12}
    assert sealing.opened(sealed[0], one) == "the words"
    assert sealing.opened(sealed[0], other) is None
    for number in (2, 3, 4):
        parts = sealed[0].split(".")
        changed = bytearray(_bytes(parts[number]))
        changed[0] ^= 1
        parts[number] = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        assert sealing.opened(".".join(parts), one) is None


async def test_a_challenge_for_a_passkey_is_new_each_time_and_long(house: House) -> None:
    client = await house.client()
    challenges = {
        (await client.post("/api/v1/session/passkey/options")).json()["publicKey"]["challenge"]
        for _ in range(3)
    }
    assert len(challenges) == 3
    assert all(len(_bytes(one)) >= 16 for one in challenges)
