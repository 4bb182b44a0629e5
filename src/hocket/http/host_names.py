"""Host names: under which of them requests are answered, so that no web page can reach a server by rebinding its name.

A page may let its own name lead to 127.0.0.1 once it is loaded (DNS rebinding). For the browser, an agent on that
machine is then of the page's own origin, and the page reads all it says. Only the name that the browser sends tells the
two apart.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from re import compile as regex

from attrs import frozen

from hocket.a2a.addresses import AddressKind, kind_of
from hocket.http.messages import Request, Response, text_response
from hocket.options import several

__all__ = ["HOST_NAMES", "HostNames", "is_loopback", "is_unspecified"]

_NAME = regex(r"\*|[^\s:/?#@\[\]*]+|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+")

_HOST = regex(r"([A-Za-z0-9._~!$&'()*+,;=%-]*|\[[^\s\[\]/?#@]+\])(:[0-9]*)?")
"""What may stand in `Host`: `uri-host [":" port]` (RFC 9110 section 7.2)."""

HOST_NAMES = several(
    "host names or addresses, each like agent.example, without a port, or *",
    str,
    lambda text: _NAME.fullmatch(text) is not None,
)
"""Validator of an option that takes host names."""


def _plain(name: str) -> str:
    """A name as it is compared: names do not depend on capitals, nor on the dot of the root."""
    return name.lower().strip("[]").removesuffix(".")


def _without_port(authority: str) -> str:
    """The name in `name:port`, or in `[address]:port` (RFC 3986 section 3.2)."""
    end = authority.rfind("]") + 1
    return authority[:end] + authority[end:].partition(":")[0]


@frozen
class HostNames:
    """The names under which a server is known.

    Args:
        names: Host names and addresses, without ports; `*` stands for all. None for those of the loopback interface,
            where the request came in there, and for all others everywhere else.
        url: The address that the server gives as its own; its name is known, too.

    >>> asked = Request(method="GET", path="/", headers=(("host", "evil.example:8000"),))
    >>> HostNames().refusal(asked, "127.0.0.1").status
    421
    >>> HostNames(("evil.example",)).refusal(asked, "127.0.0.1") is HostNames().refusal(asked, "192.0.2.7") is None
    True
    """

    names: tuple[str, ...] | None = None
    url: str | None = None

    def refusal(self, request: Request, listening: str | None) -> Response | None:
        """Why this request is for somebody else: 421 (RFC 9110 section 15.5.20); None for one that is for us.

        One with several Hosts, or with one that is no name, is for nobody: 400 (RFC 9112 section 3.2).

        Args:
            request: As it came. One without a Host (of HTTP/1.0), or with an empty one, comes from no browser.
            listening: The address at which the server took the connection; None where it is not known.
        """
        host = request.header("host")
        if not host:
            return None
        if _HOST.fullmatch(host) is None:
            return text_response(400, f"{host[:256]!r} is no Host: it is one name or address, and a port perhaps")
        if self._is_known(_plain(_without_port(host)), listening):
            return None
        return text_response(421, f"nobody is known as {host[:256]!r} here; --allowed-host adds a name (allowed_hosts)")

    def _is_known(self, name: str, listening: str | None) -> bool:
        if self.names is None and (not is_loopback(listening or "") or is_loopback(name)):
            return True
        names = self.names or ()
        if "*" in names or name in [_plain(each) for each in names]:
            return True
        return self.url is not None and name == _plain(_without_port(self.url.partition("://")[2].partition("/")[0]))


@lru_cache(maxsize=64)
def is_loopback(name: str) -> bool:
    """Whether this is an address of the loopback interface, or a name that always leads there (RFC 6761 section 6.3).

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("agent.localhost"), is_loopback("localhost.example")
    (True, True, True, False)
    """
    return name == "localhost" or name.endswith(".localhost") or _kind(name) is AddressKind.LOOPBACK


def is_unspecified(address: str) -> bool:
    """Whether a socket that is bound to this address takes connections at all of them.

    >>> is_unspecified("0.0.0.0"), is_unspecified("::"), is_unspecified("127.0.0.1")
    (True, True, False)
    """
    return _kind(address) is AddressKind.UNSPECIFIED


def _kind(name: str) -> AddressKind | None:
    try:
        return kind_of(ip_address(name))
    except ValueError:
        return None
