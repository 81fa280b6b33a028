"""Where a request comes from, as far as limits need it: the network, not the machine."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest

PREFIX = {4: 24, 6: 64}


def network_of(request: HttpRequest) -> str:
    """The /24 or /64 of the client's address; behind a proxy (BEHIND_PROXY), of the one that the proxy tells.

    Empty for the machine itself, except in production. PermissionDenied (403) where the address is none.
    """
    address = ip_address(get_adapter(request).get_client_ip(request))
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback and not settings.PRODUCTION:
        return ""
    return str(ip_network((address, PREFIX[address.version]), strict=False))
