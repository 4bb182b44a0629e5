"""What a configuration of push notifications may say."""

from ipaddress import ip_address

import pytest

from hocket.a2a import PushRules, PushTarget
from hocket.a2a.addresses import kind_of
from hocket.a2a.requests import AuthenticationInfo, TaskPushNotificationConfig
from hocket.errors import LocalProtocolError

KINDS = {
    "LOOPBACK": "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1",
    "PRIVATE": "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fdff::1 fec0::1"
    " ::ffff:10.0.0.1 64:ff9b::c0a8:101 2002:ac10:1::",
    "SHARED": "100.64.0.1 100.127.255.255",
    "LINK_LOCAL": "169.254.169.254 fe80::1 febf::1 fe80::1%1 ::ffff:169.254.169.254",
    "CLOUD": "168.63.129.16 100.100.100.200 fd00:ec2::254 fd20:ce::254",
    "MULTICAST": "224.0.0.1 239.255.255.255 ff02::1",
    "UNSPECIFIED": "0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0",
    "RESERVED": "192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 240.0.0.1 255.255.255.255"
    " ::2 ::127.0.0.1 100::1 64:ff9b:1::1 2001::1 2001:db8::1 3fff::1 4000::1 5f00::1",
    "PUBLIC": "1.1.1.1 172.15.255.255 172.32.0.1 100.63.255.255 100.128.0.1 169.253.0.1 223.255.255.1"
    " 2606:4700::1111 2001:200::1 3ffe::1 ::ffff:1.1.1.1 64:ff9b::101:101 2002:101:101::1",
}


@pytest.mark.parametrize(("text", "kind"), [(text, kind) for kind, texts in KINDS.items() for text in texts.split()])
def test_each_address_is_what_the_registries_say(text, kind):
    assert kind_of(ip_address(text)).name == kind


ANY_HOST = "must have a host: a name, or an address"
BEGINNING = "must begin with https:// or http://"
ASCII = "must be a URL: printable ASCII without spaces"
NUMBERS = "must have an IPv4 address as four decimal numbers"
LOOPBACK = "must not lead to a loopback address: PushRules(private=True) would allow it"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", ASCII),
        ("receiver.example/hook", BEGINNING),
        ("ftp://receiver.example/", BEGINNING),
        ("file:///etc/passwd", BEGINNING),
        ("http:receiver.example", ANY_HOST),
        ("http:///hook", ANY_HOST),
        ("http://:80/", ANY_HOST),
        ("http://a..b/", ANY_HOST),
        ("http://-a/", ANY_HOST),
        ("http://%6c%6f%63alhost/", ANY_HOST),
        ("http://[::1]a/", ANY_HOST),
        ("http://[fe80::1%25lo]/", ANY_HOST),
        ("http://[::1/", "must be a URL with a host and a port that exist"),
        ("http://a:b/", "must be a URL with a host and a port that exist"),
        ("http://a:65536/", "must be a URL with a host and a port that exist"),
        ("http://a:0/", "must have a port from 1 to 65535"),
        ("http://ada:s3cret@receiver.example/", "must not hold a user name or a password: use authentication"),
        ("http://receiver.example\\@127.0.0.1/", ASCII),
        ("http://receiver.example/a b", ASCII),
        ("http://receiver.example/\r\nX-Evil: 1", ASCII),
        ("http://127\u30020.0.1/", ASCII),
        ("http://127.1/", NUMBERS),
        ("http://2130706433/", NUMBERS),
        ("http://0x7f000001/", NUMBERS),
        ("http://0177.0.0.1/", NUMBERS),
        ("http://127.0.0.1./", NUMBERS),
        ("http://127.0.0.1/", LOOPBACK),
        ("http://[::ffff:7f00:1]/", LOOPBACK),
        ("http://localhost:8000/", LOOPBACK),
        ("http://LOCALHOST./", LOOPBACK),
        ("http://a.localhost/", LOOPBACK),
        ("http://169.254.169.254/latest/meta-data", "must not lead to a link-local address"),
        ("https://receiver.example/" + 2_048 * "a", "must have at most url_bytes = 2048 bytes"),
    ],
)
def test_urls_that_are_refused(url, reason):
    assert PushRules().read(url) == reason
    assert PushRules().violation(TaskPushNotificationConfig(url=url)) == ("url", reason)


@pytest.mark.parametrize(
    ("url", "parts", "authority"),
    [
        ("https://receiver.example", ("https", "receiver.example", 443, "/"), "receiver.example"),
        ("HTTP://Receiver.Example:8080/A?b=c#d", ("http", "receiver.example", 8080, "/A?b=c"), "receiver.example:8080"),
        ("https://receiver.example:443/", ("https", "receiver.example", 443, "/"), "receiver.example"),
        ("http://receiver.example:443/", ("http", "receiver.example", 443, "/"), "receiver.example:443"),
        ("https://[2606:4700::1111]:8443/x", ("https", "2606:4700::1111", 8443, "/x"), "[2606:4700::1111]:8443"),
        ("https://xn--bcher-kva.example/?q", ("https", "xn--bcher-kva.example", 443, "/?q"), "xn--bcher-kva.example"),
        ("https://1.receiver_2.example/", ("https", "1.receiver_2.example", 443, "/"), "1.receiver_2.example"),
    ],
)
def test_urls_that_are_read(url, parts, authority):
    target = PushRules().read(url)
    assert isinstance(target, PushTarget)
    assert (target.scheme, target.host, target.port, target.path) == parts
    assert target.authority == authority


def test_what_is_allowed_can_be_chosen():
    inside, own = "http://10.1.2.3/", "http://localhost/"
    assert isinstance(PushRules(private=True).read(inside), PushTarget)
    assert isinstance(PushRules(private=True).read(own), PushTarget)
    assert isinstance(PushRules(networks=["10.1.0.0/16"]).read(inside), PushTarget)
    assert isinstance(PushRules(networks=["10.2.0.0/16"]).read(inside), str)
    assert isinstance(PushRules(networks=["10.1.0.0/16"]).read("http://[64:ff9b::10.1.2.3]/"), PushTarget)
    assert isinstance(PushRules(networks=["64:ff9b::/96"]).read("http://[64:ff9b::10.1.2.3]/"), PushTarget)
    assert isinstance(PushRules(networks=["127.0.0.1"]).read(own), PushTarget)
    assert PushRules(private=True).read("http://169.254.169.254/") == "must not lead to a link-local address"
    assert PushRules(https_only=True).read("http://receiver.example/") == "must begin with https://"
    assert isinstance(PushRules(https_only=True).read("https://receiver.example/"), PushTarget)
    with pytest.raises(LocalProtocolError, match=r'networks: .*write it as in "10.1.0.0/16"'):
        PushRules(networks=["10.1.2.3/16"])
    with pytest.raises(LocalProtocolError, match=r"networks must be a tuple of networks, .*: write \('10.0.0.0/8',\)"):
        PushRules(networks="10.0.0.0/8")


HEADER = "must be what a header can hold: printable ASCII"


@pytest.mark.parametrize(
    ("more", "violation"),
    [
        ({}, None),
        ({"token": ""}, None),
        ({"token": "a token, of whatever form"}, None),
        ({"token": "a\r\nX-Evil: 1"}, ("token", HEADER)),
        ({"token": "a\nb"}, ("token", HEADER)),
        ({"token": "a\0b"}, ("token", HEADER)),
        ({"token": "é"}, ("token", HEADER)),
        ({"token": " a"}, ("token", HEADER)),
        ({"token": 8_193 * "a"}, ("token", "must have at most header_bytes = 8192 bytes")),
        ({"authentication": AuthenticationInfo(scheme="Bearer", credentials="a.b-c==")}, None),
        ({"authentication": AuthenticationInfo(schemes=("Bearer",))}, None),
        ({"authentication": AuthenticationInfo(scheme="Bea rer")}, ("authentication.scheme", HEADER)),
        ({"authentication": AuthenticationInfo(scheme="Bearer\r\n")}, ("authentication.scheme", HEADER)),
        (
            {"authentication": AuthenticationInfo(scheme="Bearer", credentials="a\r\nb")},
            ("authentication.credentials", HEADER),
        ),
    ],
)
def test_what_goes_into_headers_is_judged(more, violation):
    config = TaskPushNotificationConfig(url="https://receiver.example/", **more)
    assert PushRules().violation(config) == violation
