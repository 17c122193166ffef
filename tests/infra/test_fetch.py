"""Fetching from addresses that strangers chose: what may be reached, and what a bad server can do."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

import pytest
import structlog
from tests.support.origin import Asked, Origin, answer, origin

from matinee.infra.fetch import AddressRefused, Changed, Fetcher, NotFetched, NotThere, name_of
from matinee.infra.reach import Hosts, Ports, may_reach, parse_networks

DATA = bytes(range(256)) * 2000
HERE = parse_networks("127.0.0.0/8")


def fetcher(**changes: Any) -> Fetcher:
    values: dict[str, Any] = {"ports": Ports.parse("1-65535"), "networks": HERE, "silence_s": 2, "open_s": 3}
    return Fetcher(**values | changes)


async def read(made: Fetcher, url: str, start: int = 0, validator: str | None = None) -> tuple[int, bytes]:
    async with made.open(url, start_bytes=start, validator=validator) as found:
        return found.start_bytes, b"".join([chunk async for chunk in found.chunks])


PRIVATE = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1
    172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
    239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
    ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::808:808 100::1 2001::1 2001:0:7f00:1::1
    2001:db8::1 2001:10::1 2002:7f00:1::1 2002:808:808::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1
    ff02::1 3fff::1 4000::1 5f00::1
"""
PUBLIC = """
    1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.32.0.1 192.167.1.1 223.255.255.254 ::ffff:8.8.8.8
    64:ff9b::808:808 2001:4860:4860::8888 2606:4700::1111 2a00:1450::1
"""


@pytest.mark.parametrize("text", PRIVATE.split())
def test_what_is_not_of_the_open_internet_is_not_reached(text: str) -> None:
    assert not may_reach(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC.split())
def test_the_open_internet_is_reached(text: str) -> None:
    assert may_reach(ipaddress.ip_address(text))


def test_an_operator_opens_named_networks_and_nothing_beside_them() -> None:
    mine = parse_networks("192.168.1.20/32, fd00:1::/64")
    for text, allowed in {
        "192.168.1.20": True, "192.168.1.21": False, "::ffff:192.168.1.20": True, "fd00:1::9": True,
        "fd00:2::9": False, "64:ff9b::c0a8:114": True, "8.8.8.8": True, "127.0.0.1": False,
    }.items():  # fmt: skip
        assert may_reach(ipaddress.ip_address(text), mine) is allowed, text
    everything = parse_networks("0.0.0.0/0,::/0")
    for text in ("0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"):
        assert not may_reach(ipaddress.ip_address(text), everything)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("ftp://films.example/a", "http"), ("file:///etc/passwd", "http"), ("gopher://x/1", "http"),
        ("films.example/a.mp4", "http"), ("http://", "http"), ("http:///a", "http"), ("", "http"),
        ("http://me:pw@films.example/a", "name or password"), ("http://me@films.example/a", "name or password"),
        ("http://films.example:22/a", "Port 22"), ("http://films.example:99999/", "Port"),
        ("http://films.example/" + "a" * 2000, "2000"), ("http://127.0.0.1/", "private"),
        ("http://[::1]/", "private"), ("http://[::ffff:10.0.0.1]/", "private"), ("http://[fe80::1%25eth0]/", ""),
        ("http://films.example/\x00", "read"), ("http://fil ms.example/", ""),
    ],
)  # fmt: skip
def test_an_address_that_can_be_refused_at_once_is_refused_in_words(url: str, word: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        Fetcher(ports=Ports.parse("80,443")).check(url)
    assert word in refused.value.detail


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "0"])
async def test_other_spellings_of_this_machine_are_no_way_in(host: str) -> None:
    with pytest.raises((AddressRefused, NotThere, NotFetched)):
        await read(fetcher(networks=()), f"http://{host}:9/")


async def test_a_file_is_read_and_gone_on_with() -> None:
    async with origin(DATA) as server:
        assert await read(fetcher(), server.address) == (0, DATA)
        assert await read(fetcher(), server.address, 1000, '"one"') == (1000, DATA[1000:])
        asked = server.asked[-1]
        assert (asked.headers["range"], asked.headers["if-range"]) == ("bytes=1000-", '"one"')
        assert asked.headers["accept-encoding"] == "identity"
        assert asked.headers["host"] == f"127.0.0.1:{server.port}"
        server.data, server.etag = DATA[::-1], '"two"'
        assert await read(fetcher(), server.address, 1000, '"one"') == (0, DATA[::-1])
        # Without a validator nobody knows whether the middle belongs to the beginning.
        assert await read(fetcher(), server.address, 1000) == (0, DATA[::-1])
        assert "range" not in server.asked[-1].headers


async def test_the_environments_proxies_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with origin(DATA) as server:
        assert await read(fetcher(), server.address) == (0, DATA)


class Names:
    """A resolver that says each time what comes next."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0)


async def test_a_name_is_looked_up_once_and_never_believed_again() -> None:
    async with origin(DATA) as server:
        names = Names(["127.0.0.1"], ["10.0.0.1"])
        url = f"http://films.example:{server.port}/a"
        assert await read(fetcher(resolve=names), url) == (0, DATA)
        assert names.asked == 1
        assert server.asked[0].headers["host"] == f"films.example:{server.port}"
        with pytest.raises(NotThere):
            await read(fetcher(resolve=names), url)
        assert len(server.asked) == 1


async def test_a_name_with_one_private_address_is_refused_whole() -> None:
    async with origin(DATA) as server:
        for found in (["127.0.0.1", "10.0.0.1"], ["::1", "127.0.0.1"], ["nonsense"]):
            with pytest.raises(NotThere) as refused:
                await read(fetcher(resolve=Names(found)), f"http://films.example:{server.port}/a")
            assert "10.0.0.1" not in refused.value.detail
        assert server.asked == []


@pytest.mark.parametrize("found", [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], [], "EAI_NODATA"])
async def test_a_private_name_and_one_that_nobody_knows_are_told_apart_in_the_log_alone(
    found: Sequence[str],
) -> None:
    async def answers(host: str, port: int) -> Sequence[str]:
        if isinstance(found, str):
            raise socket.gaierror(getattr(socket, found), "no")
        return found

    async def nobody(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    told = []
    for resolve in (answers, nobody):
        with structlog.testing.capture_logs() as lines, pytest.raises(NotThere) as refused:
            await read(fetcher(resolve=resolve), "http://films.example/a")
        told.append((refused.value.code, refused.value.detail, refused.value.facts))
        why = "private" if resolve is answers and "10.0.0.1" in found else "unknown"
        assert [(line["host"], line["why"]) for line in lines] == [("films.example", why)]
    assert told[0] == told[1]


async def test_a_name_that_nobody_knows_is_said() -> None:
    async def nobody(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    async def later(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "no")

    with pytest.raises(NotThere, match=r"films\.example"):
        await read(fetcher(resolve=nobody), "http://films.example/a")
    with pytest.raises(NotFetched):
        await read(fetcher(resolve=later), "http://films.example/a")
    with pytest.raises(NotThere):
        await read(fetcher(resolve=Names([])), "http://films.example/a")


def leads_to(*locations: str) -> Any:
    left = list(locations)

    async def behave(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if left:
            await answer(writer, "HTTP/1.1 302 Found", f"Location: {left.pop(0)}", "Content-Length: 0")
        else:
            await self.give(asked, writer)

    return behave


def test_a_host_is_named_exactly_or_as_all_below_it() -> None:
    named = Hosts.parse("films.example, *.Archive.example., 192.0.2.1")
    for host, there in {
        "films.example": True, "FILMS.example": True, "films.example.": True, "www.films.example": False,
        "a.archive.example": True, "a.b.archive.example": True, "archive.example": False, ".archive.example": False,
        "notarchive.example": False, "films.example.evil.example": False, "192.0.2.1": True, "192.0.2.10": False,
        "": False,
    }.items():  # fmt: skip
        assert (host in named) is there, host
    assert "anything.example" in Hosts()
    for wrong in (
        "*",
        "*.",
        "a.*.example",
        "films example",
        "http://films.example",
        "films.example:80",
        "*films.example",
        " , ",
    ):
        with pytest.raises(ValueError, match=r"(is|names) no host"):
            Hosts.parse(wrong)


async def test_where_hosts_are_named_no_other_is_reached() -> None:
    async with origin(DATA) as server:
        names = Names(*[["127.0.0.1"]] * 4)
        made = fetcher(hosts=Hosts.parse("*.films.example"), resolve=names)
        address = f"http://{{}}:{server.port}/film"
        assert await read(made, address.format("a.films.example")) == (0, DATA)
        for host in ("films.example", "other.example", "127.0.0.1", "localhost"):
            with pytest.raises(AddressRefused, match="named hosts alone"):
                await read(made, address.format(host))
        assert names.asked == 1
        server.behave = leads_to(address.format("other.example"))
        with pytest.raises(AddressRefused, match=r"other\.example is none of them"):
            await read(made, address.format("a.films.example"))
        assert names.asked == 2


async def test_redirects_are_followed_five_times_and_each_is_checked() -> None:
    async with origin(DATA, leads_to("/1", "2", "?3", "//127.0.0.2:0/x")) as server:
        with pytest.raises((AddressRefused, NotFetched)):
            await read(fetcher(), server.address)
    async with origin(DATA, leads_to(*["/on"] * 5)) as server:
        assert await read(fetcher(), server.address) == (0, DATA)
    async with origin(DATA, leads_to(*["/on"] * 6)) as server:
        with pytest.raises(AddressRefused, match="more than 5"):
            await read(fetcher(), server.address)


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:{port}/", "http://[::1]/", "http://169.254.169.254/latest", "file:///etc/passwd",
     "http://a:b@films.example/", "http://films.example:22/", "http://inside.example:{port}/"],
)  # fmt: skip
async def test_a_redirect_to_where_one_may_not_go_is_refused(location: str) -> None:
    async with origin(DATA) as inside, origin(DATA, host="127.0.0.2") as outside:
        outside.behave = leads_to(location.format(port=inside.port))

        async def names(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.2" if host == "films.example" else "127.0.0.1"]

        careful = Fetcher(
            ports=Ports(((80, 80), (443, 443), (1024, 65535))),
            networks=parse_networks("127.0.0.2/32"),
            resolve=names,
        )
        with pytest.raises((AddressRefused, NotThere)):
            await read(careful, f"http://films.example:{outside.port}/a")
        assert (len(outside.asked), inside.asked) == (1, [])


@pytest.mark.parametrize(
    ("status", "error"),
    [("404 Not Found", NotThere), ("403 No", NotThere), ("401 Who", NotThere), ("204 No Content", NotThere),
     ("500 Ouch", NotFetched), ("503 Later", NotFetched), ("429 Slower", NotFetched), ("302 Found", NotThere),
     ("206 Partial Content", Changed)],
)  # fmt: skip
async def test_an_answer_without_a_file_is_said_in_words(status: str, error: type[Exception]) -> None:
    async def behave(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(writer, f"HTTP/1.1 {status}", "Retry-After: 7", "Content-Length: 0")

    async with origin(DATA, behave) as server:
        with pytest.raises(error) as raised:
            await read(fetcher(), server.address)
    if error is NotFetched:
        assert isinstance(raised.value, NotFetched)
        assert raised.value.facts["retry_after_s"] == 7


@pytest.mark.parametrize(
    "head",
    ["Content-Range: bytes 999-511999/512000", "Content-Range: bytes */512000", "Content-Range: nonsense",
     "X-None: 1", 'Content-Range: bytes 1000-511999/512000\r\nETag: "two"'],
)  # fmt: skip
async def test_another_part_than_was_asked_for_is_not_taken(head: str) -> None:
    async def behave(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(writer, "HTTP/1.1 206 Partial Content", head, "Content-Length: 3", body=b"abc")

    async with origin(DATA, behave) as server:
        with pytest.raises(Changed):
            await read(fetcher(), server.address, 1000, '"one"')


async def test_a_server_that_lies_about_the_length_is_caught() -> None:
    async def too_long(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(writer, "HTTP/1.1 200 OK", f"Content-Length: {len(DATA) + 1}", body=DATA)

    async def too_short(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(writer, "HTTP/1.1 200 OK", "Content-Length: 10", body=DATA)

    async def twice(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(writer, "HTTP/1.1 200 OK", "Content-Length: 10", "Content-Length: 11", body=DATA)

    async with origin(DATA, too_long) as server:
        with pytest.raises(NotFetched):
            await read(fetcher(), server.address)
    async with origin(DATA, too_short) as server:
        assert await read(fetcher(), server.address) == (0, DATA[:10])
    async with origin(DATA, twice) as server:
        with pytest.raises(NotFetched):
            await read(fetcher(), server.address)


async def test_a_server_that_drips_or_says_nothing_is_left() -> None:
    async def drips(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(writer, "HTTP/1.1 200 OK", "Content-Length: 100000")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def silent(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async def drips_headers(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with origin(DATA, drips) as server:
        with pytest.raises(NotFetched, match="slowly"):
            await read(fetcher(slow_s=0.3), server.address)
    async with origin(DATA, silent) as server:
        with pytest.raises(NotFetched):
            await read(fetcher(silence_s=0.3), server.address)
    async with origin(DATA, drips_headers) as server:
        with pytest.raises(NotFetched):
            await read(fetcher(open_s=0.5), server.address)


async def test_what_is_compressed_on_the_way_is_not_taken_for_a_film() -> None:
    async def behave(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(writer, "HTTP/1.1 200 OK", "Content-Encoding: gzip", "Content-Length: 3", body=b"abc")

    async with origin(DATA, behave) as server:
        with pytest.raises(NotThere):
            await read(fetcher(), server.address)


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        (['ETag: "abc"'], '"abc"'),
        (['ETag: W/"abc"'], None),
        (["ETag: abc"], None),
        (["Date: Sat, 21 Nov 2026 10:02:00 GMT", "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT"],
         "Sat, 21 Nov 2026 10:00:00 GMT"),
        (["Date: Sat, 21 Nov 2026 10:00:30 GMT", "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT"], None),
        (["Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT"], None),
        (["Date: nonsense", "Last-Modified: nonsense"], None),
        (["Date: Sat, 21 Nov 2026 10:02:00 +99999999999999", "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT"], None),
        (["Date: Sat, 21 Nov 2026 10:02:00 GMT", "Last-Modified: Sat, 21 Nov 99999999999999999999 10:00:00"], None),
    ],
)  # fmt: skip
async def test_only_a_strong_validator_lets_a_fetch_go_on(headers: list[str], validator: str | None) -> None:
    async def behave(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        name = "Content-Disposition: attachment; filename*=UTF-8''f%C3%BCnf.mp4"
        await answer(writer, "HTTP/1.1 200 OK", *headers, name, "Content-Length: 3", body=b"abc")

    async with origin(DATA, behave) as server, fetcher().open(server.address) as found:
        assert (found.validator, found.filename, found.total_bytes) == (validator, "fünf.mp4", 3)


@pytest.mark.parametrize(
    "name", ["*=idna''a.mp4", "*=undefined''a.mp4", "*=punycode''a%ff", f"*{'9' * 5000}=a.mp4", '=""']
)
async def test_a_name_that_cannot_be_read_does_not_end_a_fetch(name: str) -> None:
    async def behave(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        header = f"Content-Disposition: attachment; filename{name}"
        await answer(writer, "HTTP/1.1 200 OK", header, "Content-Length: 3", body=b"abc")

    async with origin(DATA, behave) as server, fetcher().open(server.address) as found:
        assert (found.filename, found.total_bytes) == (None, 3)


async def test_a_server_without_a_good_certificate_is_not_believed(tmp_path: Any) -> None:
    async with origin(DATA) as server:
        with pytest.raises((NotThere, NotFetched)):
            await read(fetcher(), server.address.replace("http:", "https:"))


def test_a_name_comes_from_the_address() -> None:
    assert name_of("https://films.example/a/b%20c.mp4?x=1#y") == "b c.mp4"
    assert name_of("https://films.example/") == "films.example"


def test_ports_are_numbers_and_ranges() -> None:
    ports = Ports.parse("80, 443,8000-8002")
    assert [port in ports for port in (80, 81, 443, 8000, 8002, 8003)] == [
        True,
        False,
        True,
        True,
        True,
        False,
    ]
    for wrong in ("0", "70000", "9-8", "http"):
        with pytest.raises(ValueError, match=r".+"):
            Ports.parse(wrong)
