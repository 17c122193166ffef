"""Reading from addresses that people give us, without letting them reach what only this machine can reach.

Every name is resolved here, all its addresses are looked at, and the connection is made to one of those very
addresses: what the name says a moment later changes nothing. Each redirect is looked at like the first address.
Proxies of the environment are not used. Never follows more than five redirects, never sends credentials, never
believes a content type, never keeps a byte: the caller does.
"""

import asyncio
import contextlib
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

import httpcore
import httpx
import structlog

import matinee
from matinee.infra.reach import Hosts, IpAddress, IpNetwork, Ports, may_reach
from matinee.kernel.errors import Invalid, Unavailable

log = structlog.get_logger(__name__)
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
MAX_URL_CHARACTERS = 2_000
MAX_REDIRECTS = 5
MAX_ADDRESSES = 8
LONGEST_WAIT_S = 3_600.0
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_UNKNOWN = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


class AddressRefused(Invalid):
    code = "fetch.address_refused"
    sentence = "This address cannot be fetched."


class NotThere(Invalid):
    code = "fetch.not_there"
    sentence = "There is no file at this address."


class NotFetched(Unavailable):
    """Another try may succeed; `facts["retry_after_s"]` when the server named a time."""

    code = "fetch.not_fetched"
    sentence = "The server did not send the file."


class Changed(Unavailable):
    """The file is another one than before, or the server cannot go on in its middle: begin anew."""

    code = "fetch.changed"
    sentence = "The file changed while it was fetched."


async def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of `host`, as the system knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Answer:
    """A file that a server is ready to send from `start_bytes` on. `validator` names this very version of it, when the
    server can go on in its middle later; `total_bytes` is its size where the server says it."""

    start_bytes: int
    total_bytes: int | None
    validator: str | None
    filename: str | None
    chunks: AsyncGenerator[bytes, None] = field(repr=False)


class Fetcher:
    """Fetches within bounds. A server that sends less than `least_bytes_per_s` over `slow_s` is left."""

    def __init__(
        self,
        *,
        ports: Ports,
        networks: Sequence[IpNetwork] = (),
        hosts: Hosts | None = None,
        resolve: Resolve = resolve,
        connect_s: float = 10,
        silence_s: float = 30,
        open_s: float = 60,
        slow_s: float = 60,
        least_bytes_per_s: float = 1_000,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._ports = ports
        self._networks = tuple(networks)
        self._hosts = hosts or Hosts()
        self._resolve = resolve
        self._connect_s = connect_s
        self._silence_s = silence_s
        self._open_s = open_s
        self._slow_s = slow_s
        self._least = least_bytes_per_s
        self._tls = tls

    def check(self, url: str) -> httpx.URL:
        """The address, read. Raises `AddressRefused` for what can be refused without asking anybody."""
        if len(url) > MAX_URL_CHARACTERS:
            raise AddressRefused(f"This address has more than {MAX_URL_CHARACTERS} characters.")
        try:
            parsed = httpx.URL(url.strip())
            host, scheme = parsed.raw_host.decode("ascii"), parsed.scheme
        except (httpx.InvalidURL, UnicodeError, ValueError):
            raise AddressRefused("This is not an address that can be read.") from None
        if scheme not in ("http", "https") or not host:
            raise AddressRefused("Only addresses that begin with http:// or https:// can be fetched.")
        if not _HOST.fullmatch(host):
            raise AddressRefused("This is not an address that can be read.")
        if host not in self._hosts:
            raise AddressRefused(
                f"Files are fetched from named hosts alone here, and {host} is none of them."
            )
        if parsed.userinfo:
            raise AddressRefused("This address holds a name or password; those are not taken.")
        port = parsed.port or (443 if scheme == "https" else 80)
        if port not in self._ports:
            raise AddressRefused(f"Port {port} may not be asked from here (MATINEE_IMPORT_PORTS).")
        with contextlib.suppress(ValueError):
            self._require(ipaddress.ip_address(host))
        return parsed

    def _require(self, address: IpAddress) -> None:
        if not may_reach(address, self._networks):
            raise AddressRefused(
                "This address leads into a private network, which may not be reached from here."
            )

    async def addresses(self, host: str, port: int) -> list[str]:
        """All addresses of `host`, each of which may be reached. Raises `AddressRefused`, `NotThere`, `NotFetched`."""
        with contextlib.suppress(ValueError):
            self._require(given := ipaddress.ip_address(host))
            return [str(given)]
        try:
            found = list(await self._resolve(host, port))
        except socket.gaierror as error:
            if error.errno in _UNKNOWN:
                raise _leads_nowhere(host, "unknown") from None
            raise NotFetched(f"The name {host} cannot be looked up now.") from None
        except (OSError, UnicodeError):
            raise NotFetched(f"The name {host} cannot be looked up now.") from None
        if not found:
            raise _leads_nowhere(host, "unknown")
        for address in found:
            try:
                self._require(ipaddress.ip_address(address))
            except (AddressRefused, ValueError):
                raise _leads_nowhere(host, "private") from None
        return found[:MAX_ADDRESSES]

    @contextlib.asynccontextmanager
    async def open(
        self, url: str, *, start_bytes: int = 0, validator: str | None = None
    ) -> AsyncIterator[Answer]:
        """The file at `url`, from `start_bytes` on when it is still the one that `validator` named, else from its
        beginning: `Answer.start_bytes` says which. Raises `AddressRefused`, `NotThere`, `NotFetched`, `Changed`."""
        headers = [(b"User-Agent", f"matinee/{matinee.__version__}".encode()), (b"Accept", b"*/*")]
        headers += [(b"Accept-Encoding", b"identity"), (b"Connection", b"close")]
        if start_bytes and validator:
            headers += [
                (b"Range", f"bytes={start_bytes}-".encode()),
                (b"If-Range", validator.encode("latin-1")),
            ]
        else:
            start_bytes = 0
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self._open_s):
                    response = await self._follow(stack, url, headers)
            except TimeoutError:
                raise NotFetched("The server took too long to answer.") from None
            yield self._answer(response, start_bytes, validator)

    async def _follow(
        self, stack: contextlib.AsyncExitStack, url: str, headers: list[tuple[bytes, bytes]]
    ) -> httpcore.Response:
        for _ in range(MAX_REDIRECTS + 1):
            parsed = self.check(url)
            hop = await stack.enter_async_context(contextlib.AsyncExitStack())
            response = await self._ask(hop, parsed, headers)
            if response.status not in _REDIRECTS:
                return response
            location = _header(response, b"location")
            await hop.aclose()
            if location is None:
                raise NotThere("The server names no address to go on to.")
            try:
                url = str(parsed.join(location))
            except (httpx.InvalidURL, ValueError):
                raise AddressRefused("The server leads to an address that cannot be read.") from None
        raise AddressRefused(f"This address leads on more than {MAX_REDIRECTS} times.")

    async def _ask(
        self, stack: contextlib.AsyncExitStack, url: httpx.URL, headers: list[tuple[bytes, bytes]]
    ) -> httpcore.Response:
        port = url.port or (443 if url.scheme == "https" else 80)
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=port, target=url.raw_path or b"/"
        )
        limits = {"connect": self._connect_s, "read": self._silence_s, "write": 10.0, "pool": 10.0}
        with _told():
            backend = _Checked(self)
            stack.push_async_callback(backend.close)
            # One connection for one answer: none is ever used again for what was not checked.
            pool = await stack.enter_async_context(
                httpcore.AsyncConnectionPool(
                    ssl_context=self._tls or httpx.create_ssl_context(trust_env=False),
                    max_connections=1,
                    network_backend=backend,
                )
            )
            return await stack.enter_async_context(
                pool.stream(
                    b"GET", target, headers=[(b"Host", url.netloc), *headers], extensions={"timeout": limits}
                )
            )

    def _answer(self, response: httpcore.Response, start_bytes: int, validator: str | None) -> Answer:
        status = response.status
        if status == 416 and start_bytes:
            raise Changed
        if status in _LATER:
            raise NotFetched(
                f"The server answered {status}: not now.",
                retry_after_s=_wait(_header(response, b"retry-after")),
            )
        if status in (401, 403):
            raise NotThere(f"The server does not give this file to us ({status}).")
        if status not in (200, 206):
            raise NotThere(f"There is no file at this address (the server answered {status}).")
        if (_header(response, b"content-encoding") or "identity").lower() != "identity":
            raise NotThere("The server sends this file in a form that was not asked for.")
        given = _validator(response)
        length = _header(response, b"content-length")
        total = int(length) if length is not None and re.fullmatch(r"[0-9]{1,16}", length) else None
        if status == 206:
            match = re.fullmatch(
                r"bytes ([0-9]{1,16})-([0-9]{1,16})/([0-9]{1,16}|\*)",
                _header(response, b"content-range") or "",
            )
            if not start_bytes or match is None or int(match[1]) != start_bytes:
                raise Changed("The server sent another part of the file than was asked for.")
            if given is not None and given != validator:
                raise Changed
            total = int(match[3]) if match[3] != "*" else None
            return Answer(start_bytes, total, validator, None, self._chunks(response))
        return Answer(0, total, given, _filename(response), self._chunks(response))

    async def _chunks(self, response: httpcore.Response) -> AsyncGenerator[bytes, None]:
        since, came = time.monotonic(), 0
        with _told():
            async for chunk in response.aiter_stream():
                came += len(chunk)
                passed = time.monotonic() - since
                if passed >= self._slow_s:
                    if came < self._least * passed:
                        raise NotFetched("The server sends too slowly.")
                    since, came = time.monotonic(), 0
                yield chunk


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses alone; TLS still proves the name."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._opened: list[httpcore.AsyncNetworkStream] = []
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        last: Exception = httpcore.ConnectError()
        for address in await self._fetcher.addresses(host, port):
            try:
                stream = await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
                self._opened.append(stream)
                return stream
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused

    async def close(self) -> None:
        """Idempotent. A handshake that was cancelled leaves its connection to nobody else."""
        for stream in self._opened:
            await stream.aclose()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _leads_nowhere(host: str, why: str) -> NotThere:
    """The same for a name of our own network as for one that nobody knows: else strangers could ask us which names
    there are. The operator may know."""
    log.warning("fetch.name_refused", host=host, why=why)
    return NotThere(f"The name {host} leads to no server on the open internet.")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What goes wrong on the wire, in words."""
    try:
        yield
    except httpcore.TimeoutException:
        raise NotFetched("The server does not answer.") from None
    except httpcore.ConnectError as error:
        if _of_certificate(error):
            raise NotThere("The server cannot prove its name: its certificate is not valid.") from None
        raise NotFetched("The server cannot be reached.") from None
    except httpcore.NetworkError:
        raise NotFetched("The connection to the server broke.") from None
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        raise NotFetched("The server ended in the middle, or does not speak HTTP.") from None


def _of_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _header(response: httpcore.Response, name: bytes) -> str | None:
    found = [value for key, value in response.headers if key.lower() == name]
    return found[0].decode("latin-1").strip() if found else None


def _validator(response: httpcore.Response) -> str | None:
    """A strong ETag, else a Last-Modified that is old enough to be strong (RFC 9110, 8.8.2.2)."""
    etag = _header(response, b"etag")
    if etag is not None and re.fullmatch(r'"[\x21\x23-\x7e\x80-\xff]{1,250}"', etag):
        return etag
    modified, date = _header(response, b"last-modified"), _header(response, b"date")
    try:
        if modified and date and len(modified) < 60:
            age = parsedate_to_datetime(date) - parsedate_to_datetime(modified)
            return modified if age.total_seconds() >= 60 else None
    except (ValueError, TypeError, OverflowError):
        pass
    return None


def _wait(value: str | None) -> float | None:
    seconds = value is not None and re.fullmatch(r"[0-9]{1,6}", value)
    return min(LONGEST_WAIT_S, float(str(value))) if seconds else None


def _filename(response: httpcore.Response) -> str | None:
    """What Content-Disposition calls the file. A name to show; never a path to write to."""
    told = Message()
    told["Content-Disposition"] = re.sub(r"[\r\n]", "", _header(response, b"content-disposition") or "")
    try:
        name = told.get_filename()
    except (
        ValueError
    ):  # some encodings that a server may name refuse its bytes: the address names the file then
        return None
    return name[:1000] if name else None


def name_of(url: str) -> str:
    """The last part of an address's path, as a file's name; its host where there is none."""
    parsed = httpx.URL(url)
    return unquote(parsed.path.rstrip("/").rsplit("/", 1)[-1]) or parsed.host
