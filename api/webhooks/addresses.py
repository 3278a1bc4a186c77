"""Which addresses webhooks may be sent to."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_ALLOW = "TRAINYARD_WEBHOOK_PRIVATE_ADDRESSES=true allows them"
# The IPv4 address is in the last 32 bits (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


class ForbiddenAddress(ValueError):
    """The receiver is not on the public internet."""


def check_host(host: str, allow_private: bool) -> None:
    """Raises ForbiddenAddress for an address as literal, or a name of this machine; other names are resolved when
    something is sent."""
    try:
        address = ip_address(host)
    except ValueError:
        if not allow_private and (host == "localhost" or host.endswith(".localhost")):
            raise ForbiddenAddress(f"{host} is this machine; {_ALLOW}") from None
        return
    if not allow_private:
        _check(address, host)


def resolve(host: str, port: int, allow_private: bool) -> str:
    """The address to connect to. Raises ForbiddenAddress if any address of the host is not public, so that it cannot
    be one now and another one when it is connected to; OSError if there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    if not allow_private:
        for each in addresses:
            _check(ip_address(each), host)
    return addresses[0]


def _check(address: Address, host: str) -> None:
    inner = _embedded(address)
    if not inner.is_global or inner.is_multicast or inner.is_reserved:
        raise ForbiddenAddress(f"{host} has the address {address}, which is not public; {_ALLOW}")


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
