"""Addresses that push notifications may go to: what Python's `ipaddress` knows of them is a second opinion."""

from ipaddress import IPv4Address, IPv6Address, ip_network

from hypothesis import assume, given
from hypothesis import strategies as st

from hocket.a2a import PushRules, PushTarget
from hocket.a2a.addresses import AddressKind, bare, kind_of
from hocket.a2a.requests import TaskPushNotificationConfig

ADDRESSES = st.ip_addresses()
NARROWER = [
    ip_network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "3fff::/20")
]
"""Where we refuse what some releases of Python call global."""
UNICAST = st.ip_addresses(v=4) | st.ip_addresses(network="2000::/3")


@given(ADDRESSES)
def test_what_is_public_is_global_unicast(address):
    if kind_of(address) is AddressKind.PUBLIC:
        meant = bare(address)
        assert meant.is_global
        assert not meant.is_multicast
        assert not meant.is_reserved


@given(UNICAST)
def test_what_is_global_unicast_is_public(address):
    assume(address.is_global and not address.is_multicast and not address.is_reserved)
    assume(not any(address in network for network in NARROWER))
    assert kind_of(address) is kind_of(bare(address))
    assert kind_of(bare(address)) is AddressKind.PUBLIC or bare(address) != address


@given(st.ip_addresses(v=4))
def test_an_address_is_what_it_is_in_whatever_ipv6_address_carries_it(address):
    number = int(address)
    carriers = [
        IPv6Address(f"::ffff:{address}"),
        IPv6Address(f"64:ff9b::{address}"),
        IPv6Address((0x2002 << 112) | (number << 80) | 1),
    ]
    assert [bare(carrier) for carrier in carriers] == [address] * 3
    assert {kind_of(carrier) for carrier in carriers} == {kind_of(address)}


@given(ADDRESSES, st.sampled_from(["http", "https"]), st.integers(1, 65_535))
def test_a_literal_address_is_judged_when_the_configuration_is_set(address, scheme, port):
    assume("%" not in str(address))
    host = str(address) if isinstance(address, IPv4Address) else f"[{address}]"
    rules = PushRules()
    target = rules.read(f"{scheme}://{host}:{port}/hook")
    if kind_of(address) is AddressKind.PUBLIC:
        assert isinstance(target, PushTarget)
        assert (target.scheme, target.address, target.port, target.path) == (scheme, address, port, "/hook")
    else:
        assert target == rules.refusal_of(address)
        assert kind_of(address).value in target


@given(ADDRESSES)
def test_a_network_that_is_named_is_open_whatever_it_is(address):
    assume("%" not in str(address))
    assert PushRules(networks=[str(bare(address))]).refusal_of(address) is None


@given(ADDRESSES)
def test_private_opens_no_more_than_private_networks(address):
    is_open = PushRules(private=True).refusal_of(address) is None
    assert is_open is (kind_of(address).name in ("PUBLIC", "LOOPBACK", "PRIVATE", "SHARED"))


@given(st.text(max_size=40) | st.from_regex(r"https?://[a-zA-Z0-9.:@\[\]/?#%_-]{0,40}", fullmatch=True))
def test_no_url_raises_and_what_is_read_is_what_it_says(url):
    config = TaskPushNotificationConfig(url=url)
    target = PushRules().read(url)
    if isinstance(target, PushTarget):
        assert PushRules().violation(config) is None
        again = PushRules().read(f"{target.scheme}://{target.authority}{target.path}")
        assert again == target
    else:
        assert PushRules().violation(config) == ("url", target)
