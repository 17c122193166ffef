"""Second factors of test persons: an app that makes codes, a device with a passkey, and a clock that one moves."""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pyotp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from soft_webauthn import SoftWebauthnDevice

from matinee.features.accounts.schemas import FactorsReset
from matinee.kernel.time import utc_now
from tests.support.house import ADDRESS, PASSWORD, House, Person

STEP = timedelta(seconds=30)
SURE = FactorsReset(made_sure="She called from the number that I have.")
PASSKEYS = "/api/v1/me/factors/passkeys"


class Clock:
    """The time of a house, which stands still between the requests of a test."""

    def __init__(self, house: House) -> None:
        self.now: datetime = utc_now()
        house.works.clock = lambda: self.now

    def go(self, **on: float) -> None:
        self.now += timedelta(**on)


@dataclass
class App:
    """An app on a phone."""

    secret: str
    clock: Clock

    def code(self, steps: int = 0) -> str:
        """Of now, or so many half minutes later."""
        return pyotp.TOTP(self.secret).at(self.clock.now + steps * STEP)

    def wrong(self) -> str:
        """A code of no step near now."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(f"{n:06}" for n in range(10) if f"{n:06}" not in near)


async def add_app(client: httpx.AsyncClient, clock: Clock) -> tuple[App, list[str]]:
    """With the recovery codes that came with it. Its next code is new."""
    draft = await client.post("/api/v1/me/factors/app")
    assert draft.status_code == 201, draft.text
    app = App(draft.json()["secret"], clock)
    added = await client.post("/api/v1/me/factors/app/confirm", json={"code": app.code()})
    assert added.status_code == 200, added.text
    clock.go(minutes=1)
    return app, added.json()["recovery_codes"]


class Device(SoftWebauthnDevice):  # type: ignore[misc]
    """A phone or key with one passkey. `verified`: it knows who holds it."""

    def __init__(self, *, verified: bool = True, origin: str = ADDRESS) -> None:
        super().__init__()
        self.verified = verified
        self.origin = origin

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """What the browser sends after `navigator.credentials.create`."""
        given = options["publicKey"]
        user = {**given["user"], "id": _raw(given["user"]["id"])}
        asked = {**given, "challenge": _raw(given["challenge"]), "user": user}
        return _sendable(self.create({"publicKey": asked}, self.origin))

    def show(self, options: dict[str, Any]) -> dict[str, Any]:
        """What the browser sends after `navigator.credentials.get`."""
        given = options["publicKey"]
        made = self.get({"publicKey": {**given, "challenge": _raw(given["challenge"])}}, self.origin)
        if self.verified:
            answer = made["response"]
            said = bytearray(answer["authenticatorData"])
            said[32] |= 0x04
            answer["authenticatorData"] = bytes(said)
            signed = bytes(said) + hashlib.sha256(answer["clientDataJSON"]).digest()
            answer["signature"] = self.private_key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return _sendable(made)


async def add_passkey(client: httpx.AsyncClient, device: Device, name: str = "Phone") -> httpx.Response:
    options = await client.post(f"{PASSKEYS}/options")
    assert options.status_code == 200, options.text
    return await client.post(PASSKEYS, json={"name": name, "credential": device.make(options.json())})


async def sign_in(client: httpx.AsyncClient, person: Person, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/api/v1/session", json={"login": person.email, "password": password})


async def second(client: httpx.AsyncClient, **given: Any) -> httpx.Response:
    return await client.post("/api/v1/session/second", json=given)


async def who(client: httpx.AsyncClient) -> str | None:
    """Who is signed in at this browser."""
    account = (await client.get("/api/v1/me")).json()["account"]
    return None if account is None else account["email"]


def carry_csrf(client: httpx.AsyncClient) -> None:
    """As pages do after somebody signed in."""
    client.headers["X-CSRF-Token"] = client.cookies["__Host-matinee_csrf"]


async def notices(client: httpx.AsyncClient) -> list[str]:
    return [one["kind"] for one in (await client.get("/api/v1/sessions")).json()["notices"]]


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _sendable(made: dict[str, Any]) -> dict[str, Any]:
    def text(value: Any) -> Any:
        return urlsafe_b64encode(value).rstrip(b"=").decode() if isinstance(value, bytes) else value

    answer = {name: text(value) for name, value in made["response"].items()}
    sent = {"id": text(made["rawId"]), "rawId": text(made["rawId"]), "type": made["type"], "response": answer}
    assert not re.search(r"[+/=]", json.dumps(sent["id"]))
    return sent
