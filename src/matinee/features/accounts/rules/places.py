"""What a session is shown as: a device in words and a place without an address. Never guesses a country: nothing here
knows where an address is."""

import base64
import hmac
import ipaddress
import re

# In this order: most browsers also call themselves by the names of others.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR|Opera", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Vivaldi", "Vivaldi"),
    ("Firefox|FxiOS", "Firefox"), ("HeadlessChrome|Chrome|CriOS|Chromium", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone|iPod", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Macintosh|Mac OS", "macOS"), ("Linux|X11", "Linux"),
)  # fmt: skip


def device_of(agent: str) -> str:
    """“Firefox on Linux” from a User-Agent; what is not known is called so."""
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"A browser on {system}" if system else "Unknown device")


def place_of(address: str, key: bytes) -> str:
    """The kind of network, and four letters that are the same for the same neighbourhood (IPv4 /24, IPv6 /48): they
    tell two networks apart and lead back to neither, without `key`."""
    try:
        ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return "Unknown network"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return "The machine of this house"
    network = ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False)
    letters = base64.b32encode(hmac.digest(key, str(network).encode(), "sha256")).decode()[:4]
    return f"{'Private network' if ip.is_private else 'Internet'} {letters}"


def mark_of(device: str, place: str, key: bytes) -> bytes:
    """Stands for a device at a place, and says nothing of either without `key`."""
    return hmac.digest(key, f"{device}\n{place}".encode(), "sha256")[:16]


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str | None:
    return next((name for pattern, name in names if re.search(rf"\b({pattern})", agent[:400])), None)
