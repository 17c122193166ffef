"""Network addresses, as far as counting needs to know them. Never asks a network."""

import ipaddress


def network_of(address: str) -> str:
    """The part of a network address that one household holds: IPv4 whole, IPv6 its first 64 bits."""
    try:
        ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        if not ip.is_loopback:
            return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def is_this_machine(network: str) -> bool:
    """Whether what `network_of` gave is loopback."""
    return network.startswith("127.") or network == "::1"
