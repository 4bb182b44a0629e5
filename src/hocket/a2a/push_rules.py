"""What a configuration of push notifications may say: which addresses may be posted to, and with which headers.

What can be judged without asking anybody is judged when the configuration is set; the addresses that a name stands for,
by whoever connects to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from attrs import field, frozen
from attrs.validators import ge

from hocket.a2a.addresses import Address, AddressKind, Network, bare, kind_of
from hocket.a2a.requests import TaskPushNotificationConfig
from hocket.errors import LocalProtocolError

__all__ = ["PushRules", "PushTarget"]

_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_URL = re.compile(r"[!-~]+", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?", re.ASCII)
_LOOPBACK = (ip_address("127.0.0.1"), ip_address("::1"))
_OWN = frozenset(["localhost", "localdomain", "ip6-localhost", "ip6-loopback"])
_INSIDE = frozenset([AddressKind.LOOPBACK, AddressKind.PRIVATE, AddressKind.SHARED])
"""What `private` allows. Link-local addresses are not among them: clouds hand out their credentials there."""


@frozen(kw_only=True)
class PushTarget:
    """A URL, taken apart once: what was judged is what is connected to.

    Attributes:
        scheme: "http" or "https".
        host: A name in lower case, or an address without brackets.
        port: Also where the URL leaves it out.
        path: With the query, as it goes into the request line.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def address(self) -> Address | None:
        """The host, where it is an address."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """What the header `Host` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def _networks(texts: Iterable[str]) -> tuple[Network, ...]:
    if isinstance(texts, str):
        raise LocalProtocolError(f"networks must be a tuple of networks, not {texts!r}: write ({texts!r},)")
    try:
        return tuple([ip_network(text) for text in texts])
    except ValueError as error:
        raise LocalProtocolError(f'networks: {error}; write it as in "10.1.0.0/16"') from None


def _closed(kind: AddressKind) -> str:
    reason = f"must not lead to {kind.value}"
    return f"{reason}: PushRules(private=True) would allow it" if kind in _INSIDE else reason


@frozen(kw_only=True)
class PushRules:
    """Where push notifications may go, and how long the texts of a configuration may be.

    By default they go to public addresses only, over https or http, whatever the port.

    Attributes:
        private: Whether they may also go to this machine and to private networks: for tests, and where all callers
            are trusted. Link-local addresses stay closed.
        networks: Further networks that are allowed whatever they are, as in "10.1.0.0/16".
        https_only: Whether http is refused.
        url_bytes: Length of a URL.
        header_bytes: Length of a token, of a scheme and of credentials.

    Raises:
        LocalProtocolError: One of `networks` is none.
    """

    private: bool = False
    networks: tuple[Network, ...] = field(default=(), converter=_networks)
    https_only: bool = False
    url_bytes: int = field(default=2_048, validator=ge(1))
    header_bytes: int = field(default=8_192, validator=ge(1))

    def violation(self, config: TaskPushNotificationConfig) -> tuple[str, str] | None:
        """The path of the first member of a configuration that cannot be accepted, and the reason; or None.

        >>> PushRules().violation(TaskPushNotificationConfig(url="http://10.0.0.1/hook"))
        ('url', 'must not lead to a private address: PushRules(private=True) would allow it')
        """
        target = self.read(config.url)
        if isinstance(target, str):
            return "url", target
        texts = [("token", config.token, _VALUE)]
        if config.authentication is not None:
            texts += [
                ("authentication.scheme", config.authentication.scheme or None, _TOKEN),
                ("authentication.credentials", config.authentication.credentials, _VALUE),
            ]
        for path, text, form in texts:
            if text is None or text == "":
                continue
            if len(text) > self.header_bytes:
                return path, f"must have at most header_bytes = {self.header_bytes} bytes"
            if form.fullmatch(text) is None:
                return path, "must be what a header can hold: printable ASCII"
        return None

    def read(self, url: str) -> PushTarget | str:
        """Where a URL leads, or why it is refused.

        >>> PushRules().read("https://Receiver.example/hook?task=1")
        PushTarget(scheme='https', host='receiver.example', port=443, path='/hook?task=1')
        >>> PushRules().read("http://[::1]:8000/")
        'must not lead to a loopback address: PushRules(private=True) would allow it'
        """
        if len(url) > self.url_bytes:
            return f"must have at most url_bytes = {self.url_bytes} bytes"
        if _URL.fullmatch(url) is None or "\\" in url:
            return "must be a URL: printable ASCII without spaces"
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "must be a URL with a host and a port that exist"
        schemes = ("https",) if self.https_only else ("https", "http")
        if parts.scheme not in schemes:
            return f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
        if "@" in parts.netloc:
            return "must not hold a user name or a password: use authentication"
        if not host or _AUTHORITY.fullmatch(parts.netloc.lower()) is None:
            return "must have a host: a name, or an address"
        if port == 0:
            return "must have a port from 1 to 65535"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        target = PushTarget(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme], path=path)
        return self._refusal(target) or target

    def refusal_of(self, address: Address) -> str | None:
        """Why an address may not be posted to, or None: for literal addresses, and for those that names stand for."""
        kind = kind_of(address)
        meant = bare(address)
        if kind is AddressKind.PUBLIC or (self.private and kind in _INSIDE):
            return None
        if any(each in network for network in self.networks for each in (address, meant)):
            return None
        return _closed(kind)

    def _refusal(self, target: PushTarget) -> str | None:
        if target.address is not None:
            return self.refusal_of(target.address)
        labels = target.host.removesuffix(".").split(".")
        if not all(_LABEL.fullmatch(label) for label in labels):
            return "must have a host: a name, or an address"
        if _NUMBER.fullmatch(labels[-1]) is not None:  # what some resolvers take for an address, 127.1 or 0x7f000001
            return "must have an IPv4 address as four decimal numbers"
        if labels[-1] in _OWN and all(self.refusal_of(address) for address in _LOOPBACK):
            return _closed(AddressKind.LOOPBACK)
        return None
