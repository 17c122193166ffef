"""Which addresses may be reached on behalf of people: those of the open internet, and what the operator names.

Never resolves a name and never connects: `fetch` does.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NAME_MOST = 253
_NAME = re.compile(
    r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*|[0-9a-f:.]{2,45}"
)
# Beside what Python calls not global: ways back into IPv4 and other ranges that no server is reached at.
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/3",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ports:
    """Numbers and ranges, such as `80,443,8000-8100`."""

    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, text: str) -> "Ports":
        """Raises ValueError."""
        found = []
        for word in filter(None, (word.strip() for word in text.split(","))):
            first, _, last = word.partition("-")
            low, high = (int(n) if n.isascii() and n.isdigit() else 0 for n in (first, last or first))
            if not 1 <= low <= high <= 65_535:
                raise ValueError(f"{word} is no port or range of ports")
            found.append((low, high))
        return cls(tuple(found))

    def __contains__(self, port: int) -> bool:
        return any(low <= port <= high for low, high in self.ranges)


@dataclass(frozen=True, slots=True)
class Hosts:
    """Names of hosts, such as `films.example` or `*.films.example`, which is every name below. None named: any."""

    names: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Hosts":
        """From a comma separated list. Raises ValueError."""
        named = tuple(word.strip().lower().rstrip(".") for word in text.split(",") if word.strip())
        if text.strip() and not named:
            raise ValueError(f"{text.strip()} names no host: leave it empty for any")
        for name in named:
            if len(name) > _NAME_MOST or not _NAME.fullmatch(name):
                raise ValueError(f"{name} is no host: write films.example, *.films.example or 192.0.2.1")
        return cls(named)

    def __contains__(self, host: str) -> bool:
        if not self.names:
            return True
        asked = host.lower().rstrip(".")
        return any(
            asked.endswith(name[1:]) and asked != name[1:] if name.startswith("*.") else asked == name
            for name in self.names
        )


def parse_networks(text: str) -> tuple[IpNetwork, ...]:
    """From a comma separated list. Raises ValueError."""
    try:
        return tuple(ipaddress.ip_network(word.strip()) for word in text.split(",") if word.strip())
    except ValueError as error:
        raise ValueError(f"{error}; name networks such as 10.0.0.0/24") from None


def may_reach(address: IpAddress, networks: Iterable[IpNetwork] = ()) -> bool:
    """Whether `address` is one of the open internet, or in one of `networks` that the operator named."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        if address.ipv4_mapped is not None:
            return may_reach(address.ipv4_mapped, networks)
        if address in _NAT64:
            return may_reach(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF), networks)
    if address.is_multicast or address.is_unspecified or int(address) == 0xFFFF_FFFF:
        return False
    if any(address in network for network in networks):
        return True
    if any(address in network for network in _NEVER):
        return False
    return address.is_global and (address.version == 4 or address in _GLOBAL_6)
