"""Where a request comes from, as far as limits need it: the network, not the machine."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

PREFIX = {4: 24, 6: 64}


def address_of(request: HttpRequest) -> str | None:
    """The client's address, for the trail; None where there is none."""
    try:
        return str(_client(request))
    except (PermissionDenied, ValueError):
        return None


def network_of(request: HttpRequest) -> str:
    """The /24 or /64 of the client's address; behind a proxy (BEHIND_PROXY), of the one that the proxy tells.

    Empty for the machine itself, except in production. PermissionDenied (403) where the address is none.
    """
    address = _client(request)
    if address.is_loopback and not settings.PRODUCTION:
        return ""
    return str(ip_network((address, PREFIX[address.version]), strict=False))


def _client(request: HttpRequest) -> IPv4Address | IPv6Address:
    """Raises PermissionDenied or ValueError where the address is none."""
    address = ip_address(get_adapter(request).get_client_ip(request))
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
