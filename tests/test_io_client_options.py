"""What is given to a client by name: a mistake is told where it is made, and not at the first call."""

import httpx2
import pytest

from hocket.a2a import ServerLimits
from hocket.backoff import Backoff
from hocket.errors import LocalProtocolError
from hocket_io import AsyncClient, Client

both = pytest.mark.parametrize("client", [Client, AsyncClient])


@both
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"version": 1.0}, "version must be a text, or None, not 1.0"),
        ({"binding": 3}, "binding must be a text, or None, not 3"),
        ({"headers": ["Authorization"]}, "headers must be a mapping of names to texts, not a list"),
        (
            {"headers": {"A": "secret", "X-Count": 3}},
            "headers must be a mapping of names to texts: 'X-Count' is of type int",
        ),
        ({"headers": {"X Count": "secret"}}, "headers: 'X Count' is no name of a header field"),
        ({"headers": {"": "secret"}}, "headers: '' is no name of a header field"),
        ({"headers": {"X-Count": "secret\r\nX-Other: 1"}}, "headers: X-Count has a line break"),
        ({"extensions": "urn:x"}, "extensions must be a tuple of URIs, not 'urn:x': write ('urn:x',)"),
        ({"extensions": [3]}, "extensions must be a tuple of URIs, not 3 in it"),
        ({"timeout": "3"}, "timeout must be a number of seconds over 0, an httpx2.Timeout, or None, not '3'"),
        ({"timeout": 0}, "timeout must be a number of seconds over 0"),
        ({"timeout": -1.5}, "timeout must be a number of seconds over 0"),
        ({"timeout": float("inf")}, "timeout must be a number of seconds over 0"),
        ({"timeout": float("nan")}, "timeout must be a number of seconds over 0"),
        (
            {"limits": ServerLimits()},
            "limits must be a ClientLimits, not ServerLimits(",
        ),
        ({"resume": 3}, "resume must be a Backoff, or None for never, not 3"),
        ({"resume": False}, "resume must be a Backoff, or None for never, not False"),
    ],
)
def test_an_option_of_the_wrong_kind_is_refused_at_once(client, options, said):
    with pytest.raises(LocalProtocolError) as caught:
        client("http://127.0.0.1:8000", **options)
    assert str(caught.value).startswith(said)
    assert "secret" not in str(caught.value)


@both
def test_what_is_of_its_kind_is_taken(client):
    timeout = httpx2.Timeout(3.0)
    assert (
        client("http://x", timeout=timeout, resume=None, extensions=["urn:x"], headers={"A": "b\tc"}).timeout is timeout
    )
    assert client("http://x", timeout=1, resume=Backoff(), version="0.3", binding="HTTP+JSON").timeout == 1


@both
def test_credentials_are_not_shown(client):
    assert "s3cret" not in repr(client("http://x", headers={"Authorization": "Bearer s3cret"}))
