"""PostgreSQL servers as an operator brings them, with TLS on loopback: Debian's 15 where it is installed, and the
wheel's 18 behind a front that speaks TLS, because that build does not.

Certificates are made for the run and trusted by nobody else.
"""

import asyncio
import contextlib
import ipaddress
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from matinee.infra.postgres import identity
from matinee.infra.postgres.binaries import Binaries
from tests.support import database
from tests.support.ports import free_port
from tests.support.server import until

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
_PASSWORD = "the-password-of-these-tests"
_SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@dataclass(frozen=True, slots=True)
class Papers:
    """A certificate for `localhost`, its key, and the authority that signed it."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def made(cls, folder: Path) -> "Papers":
        signer, mine = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        name = f"authority {uuid4().hex}"
        authority = _signed(name, signer, name, signer, ca=True)
        certificate = _signed("localhost", mine, name, signer, ca=False)
        papers = cls(folder / "authority.pem", folder / "server.pem", folder / "server.key")
        papers.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        papers.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        words = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        papers.key.write_bytes(mine.private_bytes(*words))
        papers.key.chmod(0o600)
        return papers


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    ca: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Outside:
    """A server that asks for TLS. `url` names an empty database without saying how to trust it."""

    url: str
    authority: Path

    def trusting(self, authority: Path | None = None, *, mode: str = "verify-full") -> str:
        return f"{self.url}?sslmode={mode}&sslrootcert={authority or self.authority}"


@contextlib.contextmanager
def debian_15(home: Path) -> Iterator[Outside]:
    """A server of its own, as Debian's programs make it."""
    if not (DEBIAN_15 / "initdb").exists():
        pytest.skip("Debian's PostgreSQL 15 is not installed here")
    programs = Binaries(DEBIAN_15, "15")
    who = identity.choose(programs, home, home / "cluster")
    papers = Papers.made(home)
    for path in (home, papers.key, papers.certificate, papers.authority):
        who.give(path)
    port, secret = free_port(), home / "password"
    secret.write_text(_PASSWORD)
    who.give(secret)
    made: list[str | Path] = [*who.prefix, DEBIAN_15 / "initdb", "-D", home / "cluster", "-U", "postgres", "--no-sync",
            f"--pwfile={secret}", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256"]  # fmt: skip
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/", **who.popen())
    rules = home / "cluster" / "pg_hba.conf"
    rules.write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")  # plain connections are refused
    values = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "ssl": "on",
        "ssl_cert_file": papers.certificate, "ssl_key_file": papers.key,
    }  # fmt: skip
    options = [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [*who.prefix, DEBIAN_15 / "postgres", "-D", home / "cluster", *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **who.popen(),
        )  # fmt: skip
    try:
        admin = f"postgresql://postgres:{_PASSWORD}@localhost:{port}/postgres?sslmode=require"

        def ready() -> bool:
            assert process.poll() is None, (home / "log").read_text()
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(admin, connect_timeout=5).close()
                return True
            return False

        until(ready, "PostgreSQL 15 answers")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE matinee LOGIN PASSWORD '{_PASSWORD}'")
            connection.execute("CREATE DATABASE matinee OWNER matinee TEMPLATE template0")
        yield Outside(f"postgresql://matinee:{_PASSWORD}@localhost:{port}/matinee", papers.authority)
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def wheel_18(home: Path) -> Iterator[Outside]:
    """The run's own server, reached through TLS."""
    papers = Papers.made(home)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers.certificate, papers.key)
    with database.fresh(migrated=False) as url:
        behind = database.server().port
        loop = asyncio.new_event_loop()
        ports: list[int] = []
        begun = threading.Event()

        async def serve() -> None:
            front = await asyncio.start_server(lambda r, w: _front(r, w, behind, context), "127.0.0.1", 0)
            ports.append(front.sockets[0].getsockname()[1])
            begun.set()
            async with front:
                await front.serve_forever()

        def run() -> None:
            asyncio.set_event_loop(loop)
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(serving)
            loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
            loop.close()

        serving = loop.create_task(serve())
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert begun.wait(20)
        try:
            who, name = url.partition("://")[2].rpartition("@")[0], url.rpartition("/")[2]
            yield Outside(f"postgresql://{who}@localhost:{ports[0]}/{name}", papers.authority)
        finally:
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
            thread.join(20)


async def _front(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, behind: int, context: ssl.SSLContext
) -> None:
    """What a server with TLS says first, then bytes to and fro. Plain connections are cut."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
        if await reader.readexactly(8) == _SSL_REQUEST:
            writer.write(b"S")
            await writer.drain()
            await writer.start_tls(context)
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", behind)
            await asyncio.gather(_pipe(reader, back_writer), _pipe(back_reader, writer))
    writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()


@pytest.fixture(scope="module", params=["15", "18"])
def outside(request: pytest.FixtureRequest) -> Iterator[Outside]:
    home = Path(tempfile.mkdtemp(prefix=f"outside-{uuid4().hex[:6]}-", dir=database.home()))
    os.chmod(home, 0o755)
    try:
        with (debian_15 if request.param == "15" else wheel_18)(home) as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)
