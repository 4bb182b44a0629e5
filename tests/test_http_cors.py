"""Pages from elsewhere, and pages from here: a page is from here if its origin is where the request went."""

import pytest

from hocket.http import Request
from hocket.http.cors import Cors

KNOWN = "https://agent.example/ada/"


def is_refused(origin, host, base_url=""):
    asked = Request(method="POST", path="/", headers=(("origin", origin), ("host", host)), base_url=base_url)
    return Cors().refusal(asked) is not None


def test_a_page_from_here_is_from_the_host_that_was_asked_or_from_the_address_of_the_server():
    assert not is_refused("http://localhost:8000", "localhost:8000", KNOWN)
    assert not is_refused("https://agent.example", "localhost:8000", KNOWN)


@pytest.mark.parametrize("origin", ["null", "file://", "", "http://"])
def test_a_page_from_nowhere_is_from_elsewhere_even_if_nobody_was_asked_by_name(origin):
    assert is_refused(origin, "")
    assert is_refused(origin, "localhost", "")


@pytest.mark.parametrize("origin", ["http://localhost", "http://localhost:80.evil.example", "http://127.0.0.1:8000"])
def test_another_port_or_name_is_elsewhere(origin):
    assert is_refused(origin, "localhost:8000", KNOWN)
