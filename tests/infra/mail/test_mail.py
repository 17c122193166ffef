"""Letters arrive whole, over lines that are trusted, and each refusal says whether another try is of use."""

import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import pytest
import trustme
from tests.infra.mail.office import Office, opened

from matinee.infra.mail.console import ConsoleMailer, NoMailer
from matinee.infra.mail.opening import open_mailer, place_of
from matinee.infra.mail.port import Letter, LetterRefused
from matinee.infra.mail.smtp import SmtpMailer
from matinee.infra.mail.writing import Words, write
from matinee.kernel.errors import Unavailable
from matinee.kernel.ids import new_id
from matinee.kernel.settings import MailCarrier, MailSettings

SENDER = "Matinée <post@films.example>"


def letter(**changed: Any) -> Letter:
    words = Words(
        subject="Your film <plays>",
        lines=("“Über uns” plays & is public.",),
        button=("Watch it", "http://localhost:8000/watch/1?a=1&b=2"),
        code="4711",
        after=("Was that not you?",),
    )
    given: dict[str, Any] = {"id": new_id(), "to": "ada@example.org"}
    given |= {"house": "Matinee", "address": "http://localhost:8000"}
    return write(words, **(given | changed))


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with opened() as found:
        yield found


def plain(office: Office) -> SmtpMailer:
    return SmtpMailer(MailCarrier("smtp", "127.0.0.1", office.port, tls="never"), SENDER)


async def test_a_letter_arrives_in_text_and_html_with_the_same_words(office: Office) -> None:
    sent = letter(unsubscribe="https://films.example/u/1")
    await plain(office).send(sent)
    (found,) = office.letters
    assert (found["Subject"], found["To"]) == ("Your film <plays>", "ada@example.org")
    assert str(found["From"]) == SENDER
    assert found["Message-ID"] == f"<{sent.id}@films.example>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["List-Unsubscribe"] == "<https://films.example/u/1>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = body(found, "plain"), body(found, "html")
    for words in ("4711", "Was that not you?", "Watch it"):
        assert words in text
        assert words in html
    assert "“Über uns” plays & is public." in text
    assert "“Über uns” plays &amp; is public." in html
    assert "http://localhost:8000/watch/1?a=1&b=2" in text
    assert 'href="http://localhost:8000/watch/1?a=1&amp;b=2"' in html


async def test_words_of_people_are_no_html() -> None:
    words = Words(subject="x", lines=("<script>alert(1)</script>",))
    found = write(words, id=new_id(), to="a@b.example", house="M", address="http://localhost:8000")
    assert "<script>" not in found.html
    assert "<script>alert(1)</script>" in found.text


@pytest.mark.parametrize("tls", ["always", "starttls"])
async def test_lines_are_secured_and_the_house_says_who_it_is(
    authority: trustme.CA, trusted: ssl.SSLContext, tls: Any
) -> None:
    async with opened(tls=tls, authority=authority, sign_in=tls == "starttls") as office:
        user, password = ("house", "s3:cr/t@") if tls == "starttls" else (None, None)
        carrier = MailCarrier("smtp", "localhost", office.port, user, password, tls)
        mailer = SmtpMailer(carrier, SENDER, trusted=trusted)
        await mailer.check()
        await mailer.send(letter())
        assert office.secured == [True]


@pytest.mark.parametrize("tls", ["always", "starttls"])
async def test_a_server_that_nobody_vouches_for_gets_nothing(authority: trustme.CA, tls: Any) -> None:
    async with opened(tls=tls, authority=authority) as office:
        mailer = SmtpMailer(MailCarrier("smtp", "localhost", office.port, tls=tls), SENDER)
        with pytest.raises(Unavailable, match="certificate"):
            await mailer.send(letter())
        assert office.letters == []


async def test_a_server_without_tls_gets_neither_password_nor_letter(office: Office) -> None:
    carrier = MailCarrier("smtp", "127.0.0.1", office.port, "house", "secret", tls="starttls")
    with pytest.raises(Unavailable):
        await SmtpMailer(carrier, SENDER).send(letter())
    assert office.letters == []


async def test_a_wrong_password_is_said(authority: trustme.CA, trusted: ssl.SSLContext) -> None:
    async with opened(tls="starttls", authority=authority, sign_in=True) as office:
        carrier = MailCarrier("smtp", "localhost", office.port, "house", "wrong", tls="starttls")
        with pytest.raises(Unavailable, match="neither this user nor this password"):
            await SmtpMailer(carrier, SENDER, trusted=trusted).check()


@pytest.mark.parametrize(
    ("says", "meaning"),
    [
        ("550 no such person", LetterRefused),
        ("552 too large", LetterRefused),
        ("451 later", Unavailable),
        ("421 closing", Unavailable),
        ("530 say who you are", Unavailable),
    ],
)
async def test_a_refusal_says_whether_another_try_is_of_use(
    office: Office, says: str, meaning: type[Exception]
) -> None:
    office.says = says
    with pytest.raises(meaning):
        await plain(office).send(letter())


async def test_nobody_there_is_a_reason_to_try_again() -> None:
    mailer = SmtpMailer(MailCarrier("smtp", "127.0.0.1", 1, tls="never"), SENDER)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await mailer.send(letter())


@pytest.mark.parametrize(
    "changed",
    [
        {"to": "ada@example.org\r\nBcc: eve@example.org"},
        {"to": "ada@example.org, eve@example.org"},
        {"to": "ada"},
        {"to": ""},
    ],
)
def test_a_letter_goes_to_one_person(changed: dict[str, str]) -> None:
    with pytest.raises(LetterRefused):
        letter(**changed)


def test_a_subject_cannot_become_a_header() -> None:
    words = Words(subject="Hello\r\nBcc: eve@example.org", lines=())
    found = write(words, id=new_id(), to="a@b.example", house="M", address="http://localhost:8000")
    assert found.subject == "Hello Bcc: eve@example.org"


async def test_a_letter_on_the_terminal_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    await ConsoleMailer().send(letter())
    shown = capsys.readouterr().err
    assert "To: ada@example.org" in shown
    assert "http://localhost:8000/watch/1?a=1&b=2" in shown


async def test_a_house_without_mail_says_so() -> None:
    mailer = open_mailer(MailSettings())
    assert isinstance(mailer, NoMailer)
    assert not mailer.can_send
    with pytest.raises(Unavailable, match="MATINEE_MAIL"):
        await mailer.send(letter())


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("smtps://me:a%40b@mail.example", "mail.example:465 with TLS"),
        ("smtp://me:hush@mail.example", "mail.example:587 with TLS"),
        ("smtp://localhost:2525", "localhost:2525 without TLS"),
        ("smtp://mail.example?tls=never", "mail.example:587 with TLS"),
        ("ses://KEY:hush@eu-central-1", "Amazon SES (eu-central-1)"),
        ("console", "shown on the terminal"),
    ],
)
def test_one_line_names_the_way(line: str, place: str) -> None:
    knobs = MailSettings(mail=line, mail_from="post@films.example")
    assert place_of(knobs) == place
    assert open_mailer(knobs).can_send
    assert "hush" not in repr(knobs.carrier) + repr(knobs)


def test_plain_lines_to_others_need_two_words() -> None:
    knobs = MailSettings(mail="smtp://mail.example?tls=never", mail_from="a@b.example", mail_allow_plain=True)
    assert knobs.carrier.tls == "never"
    secured = MailSettings(mail="smtp://mail.example", mail_from="a@b.example", mail_allow_plain=True)
    assert secured.carrier.tls == "starttls"


@pytest.mark.parametrize(
    ("line", "sender"),
    [
        ("http://mail.example", "a@b.example"),
        ("smtp://me@mail.example", "a@b.example"),
        ("smtp://:hush@mail.example", "a@b.example"),
        ("smtp://[half", "a@b.example"),
        ("smtp://mail.example/path", "a@b.example"),
        ("ses://Europe!", "a@b.example"),
        ("smtps://me:hush@mail.example", ""),
        ("smtps://me:hush@mail.example", "nobody"),
        ("smtps://me:hush@mail.example", "a@b.example\r\nBcc: x@y.example"),
    ],
)
def test_a_line_that_says_nothing_is_refused_without_its_secret(line: str, sender: str) -> None:
    with pytest.raises(ValueError, match="MATINEE_MAIL") as refused:
        MailSettings(mail=line, mail_from=sender)
    assert "hush" not in str(refused.value)
