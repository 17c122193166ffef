"""Letters by Amazon's service, against a server that speaks its protocol."""

import json
from collections.abc import Iterator

import httpx
import pytest
from moto.server import ThreadedMotoServer
from tests.infra.mail.test_mail import letter

from matinee.infra.mail.port import LetterRefused
from matinee.infra.mail.ses import SesMailer
from matinee.kernel.errors import Unavailable
from matinee.kernel.settings import MailCarrier

CARRIER = MailCarrier("ses", "eu-central-1", 443, "KEY", "secret")


@pytest.fixture(scope="module")
def amazon() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def mailer(endpoint: str) -> SesMailer:
    return SesMailer(CARRIER, "Matinee <post@films.example>", endpoint=endpoint)


async def test_a_letter_is_handed_over_whole(amazon: str) -> None:
    sent = letter()
    async with httpx.AsyncClient(base_url=amazon) as client:
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=KEY/20260101/eu-central-1/ses/aws4_request"}
        identity = {"EmailIdentity": "post@films.example"}
        (await client.post("/v2/email/identities", json=identity, headers=signed)).raise_for_status()
        await mailer(amazon).send(sent)
        kept = (await client.get("/moto-api/data.json")).json()
    assert str(sent.id) in json.dumps(kept["ses"])
    assert "ada@example.org" in json.dumps(kept["ses"])


async def test_an_unknown_sender_is_a_refusal(amazon: str) -> None:
    stranger = SesMailer(CARRIER, "post@strangers.example", endpoint=amazon)
    with pytest.raises(LetterRefused, match="MessageRejected"):
        await stranger.send(letter())


async def test_nobody_there_is_a_reason_to_try_again() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        await mailer("http://127.0.0.1:1").send(letter())
