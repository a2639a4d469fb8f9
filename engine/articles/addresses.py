"""Which links are opened at all: the written form of a URL, and the addresses behind its name (pure)."""

import ipaddress
import re

import httpx

from engine.articles.problems import Problem
from engine.errors import LinkRefusedError

MAX_URL_CHARACTERS = 2000

_OTHER_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+-]*:(?!\d)")
_FORBIDDEN_CHARACTERS = re.compile(
    r"[\x00-\x20\x7f\\\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
)
_AUTHORITY = re.compile(r"https?://([^/?#]*)", re.I)
_WEB_PORTS = frozenset({None, 80, 443})

_DENIED = tuple(
    ipaddress.ip_network(network)
    for network in (
        # Python's `is_global` calls these public, though each can lead back into a private network.
        "64:ff9b::/96",  # NAT64: carries any IPv4 address
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4: carries any IPv4 address
        "2001::/32",  # Teredo
        "fec0::/10",  # old site-local
        "::/96",  # IPv4-compatible
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "100.64.0.0/10",  # carrier-grade NAT, some clouds' metadata
        "168.63.129.16/32",  # a cloud's host agent
    )
)


def check_url(text: str, *, allow_private: bool = False) -> httpx.URL:
    """The URL that a person meant, in the one form that is opened. Raises LinkRefusedError.

    A link without a scheme is read as https. `allow_private` permits any port.
    """
    written = _with_scheme(text.strip())
    match = _AUTHORITY.match(written)
    if match is None:
        raise LinkRefusedError(Problem.NOT_HTTP)
    if not match[1] or len(written) > MAX_URL_CHARACTERS:
        raise LinkRefusedError(Problem.NO_LINK)
    if _FORBIDDEN_CHARACTERS.search(written) or "@" in match[1] or "%" in match[1]:
        raise LinkRefusedError(Problem.ODD_ADDRESS)
    try:
        url = httpx.URL(written)
        host = url.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise LinkRefusedError(Problem.ODD_ADDRESS) from error
    if not host or _is_odd_numeral(host):
        raise LinkRefusedError(Problem.ODD_ADDRESS)
    if url.port not in _WEB_PORTS and not allow_private:
        raise LinkRefusedError(Problem.PORT)
    return url.copy_with(fragment=None)


def check_address(address: str, *, allow_private: bool = False) -> None:
    """Refuse an IP address that is not on the public internet. Raises LinkRefusedError."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError as error:
        raise LinkRefusedError(Problem.PRIVATE_ADDRESS) from error
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if not (_is_public(ip) or (allow_private and (ip.is_loopback or ip.is_private))):
        raise LinkRefusedError(Problem.PRIVATE_ADDRESS)


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    special = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local
    return ip.is_global and not special and not any(ip in network for network in _DENIED)


def _with_scheme(text: str) -> str:
    if "://" in text.partition("?")[0]:
        return text
    if text.startswith("//"):
        return f"https:{text}"
    if _OTHER_SCHEME.match(text):
        raise LinkRefusedError(Problem.NOT_HTTP)
    return f"https://{text}"


def _is_odd_numeral(host: str) -> bool:
    """Hosts that resolvers read as IPv4 without being four plain decimal numbers, as 127.1 or 0x7f000001."""
    last = host.rstrip(".").rpartition(".")[2]
    if ":" in host or not re.fullmatch(r"\d+|0[xX][0-9a-fA-F]*", last):
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return True
    return False
