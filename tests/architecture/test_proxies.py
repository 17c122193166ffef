"""What the two proxies of `deploy/` say to strangers. Their own syntax is looked at elsewhere."""

import contextlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.support.ports import free_port
from tests.support.server import until

CADDY = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
NGINX = (ROOT / "deploy" / "nginx.conf.example").read_text(encoding="utf-8")


def test_no_tls_before_1_2_is_spoken() -> None:
    """Caddy begins at 1.2 by itself: nothing may tell it otherwise."""
    assert re.findall(r"^\s*ssl_protocols (.*);$", NGINX, re.MULTILINE) == ["TLSv1.2 TLSv1.3"]
    assert "protocols" not in CADDY
    assert "insecure" not in CADDY
    assert re.search(r"listen 80;\s+server_name \S+\s+return 301 https://", NGINX)


def test_no_proxy_tells_what_it_is() -> None:
    assert "server_tokens off;" in NGINX
    assert "header -Server" in CADDY


def test_figures_are_for_the_inside() -> None:
    assert "respond /metrics 404" in CADDY
    assert "location = /metrics { return 404; }" in NGINX


def test_nginx_is_told_of_ciphers_with_forward_secrecy_and_authenticated_encryption_alone() -> None:
    (named,) = re.findall(r"^\s*ssl_ciphers (.*);$", NGINX, re.MULTILINE)
    context = ssl.create_default_context()
    context.set_ciphers(named)
    chosen = {one["name"] for one in context.get_ciphers() if one["protocol"] == "TLSv1.2"}
    assert chosen == {*named.split(":")}, "each is one that OpenSSL knows, and none is a word for several"
    for one in context.get_ciphers():
        assert one["aead"], one["name"]
        assert one["kea"] in ("kx-ecdhe", "kx-any"), one["name"]


def test_nginx_sends_nobody_to_the_host_that_they_name() -> None:
    assert "return 301 https://$server_name$request_uri;" in NGINX


@pytest.fixture
def caddy(tmp_path: Path) -> Iterator[int]:
    """The port at which Caddy serves our Caddyfile, under a certificate of its own making."""
    port = free_port()
    homes = {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    words = {"MATINEE_PUBLIC_URL": f"https://localhost:{port}", "ACME_EMAIL": "you@films.example"}
    program, environment = Path(sys.executable).with_name("caddy"), os.environ | homes | words
    adapt: list[str | Path] = [program, "adapt", "--config", ROOT / "deploy" / "Caddyfile"]
    adapted = json.loads(subprocess.run(adapt, check=True, capture_output=True, env=environment).stdout)
    adapted["admin"] = {"disabled": True}
    adapted["apps"]["http"]["http_port"] = free_port()
    adapted["apps"]["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
    (tmp_path / "caddy.json").write_text(json.dumps(adapted))
    process = subprocess.Popen(
        [program, "run", "--config", tmp_path / "caddy.json"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: _agreed(port) is not None, "Caddy answers")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _agreed(port: int, ciphers: str | None = None, most: ssl.TLSVersion | None = None) -> str | None:
    """The cipher that a client who takes these gets; None where the two do not come together."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if ciphers is not None:
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    if most is not None:
        context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, most
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port), 10) as line,
        context.wrap_socket(line, server_hostname="localhost") as safe,
    ):
        return str((safe.cipher() or ("",))[0])
    return None


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_caddy_speaks_strong_ciphers_alone(caddy: int) -> None:
    assert "TLS_" in (_agreed(caddy) or "")
    assert (_agreed(caddy, "ALL", ssl.TLSVersion.TLSv1_2) or "").startswith("ECDHE-")
    assert _agreed(caddy, "ECDHE+AESGCM", ssl.TLSVersion.TLSv1_2)
    assert _agreed(caddy, "ALL", ssl.TLSVersion.TLSv1_1) is None
    for weak in (
        "AES128-SHA",
        "AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES128-SHA256",
        "kRSA",
        "DHE",
        "SHA1",
    ):
        assert _agreed(caddy, weak, ssl.TLSVersion.TLSv1_2) is None, weak
