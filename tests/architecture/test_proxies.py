"""What the two proxies of `deploy/` say to strangers. Their own syntax is looked at elsewhere."""

import re

from tests.architecture.sources import ROOT

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
