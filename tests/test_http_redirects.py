"""Redirects: a request is asked again at the same server, or at the same host over TLS, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.framing import FramingLimits
from hocket.http import Request
from hocket.http.redirects import place_of, redirected
from hocket.http.response_body import ResponseBody

ASKED = Request(
    method="POST", path="http://ada:pw@agent.example:8000/a2a", headers=(("authorization", "x"),), body=b"{}"
)


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("/a2a/", "http://ada:pw@agent.example:8000/a2a/"),
        ("a2a/?x=1#top", "http://ada:pw@agent.example:8000/a2a/?x=1"),
        ("http://agent.example:8000/elsewhere", "http://agent.example:8000/elsewhere"),
        ("http://AGENT.example:8000/", "http://AGENT.example:8000/"),
        ("https://agent.example/a2a", "https://agent.example/a2a"),
        ("https://agent.example:8443/a2a", "https://agent.example:8443/a2a"),
        ("https://other.example/a2a", None),
        ("http://agent.example:9000/a2a", None),
        ("http://eve:pw@agent.example:8000/", None),
        ("http://agent.example:8000@other.example/", None),
        ("//other.example/a2a", None),
        ("ftp://agent.example:8000/a2a", None),
        ("http://agent.example:no/", None),
        ("http://[/", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_where_a_request_is_asked_again(status, location, place):
    again = redirected(ASKED, status, (("location", location),))
    assert (again and again.path) == place
    if again is not None:
        assert (again.method, again.headers, again.body) == (ASKED.method, ASKED.headers, ASKED.body)


@pytest.mark.parametrize("status", [200, 201, 300, 303, 304, 400, 503])
def test_other_statuses_move_nothing(status):
    assert redirected(ASKED, status, (("location", "/a2a/"),)) is None


def test_what_was_safe_stays_safe():
    safe = Request(method="POST", path="https://agent.example/")
    assert redirected(safe, 308, (("location", "http://agent.example/"),)) is None


@given(st.text(max_size=60) | st.text("/:@[]?#.htps", max_size=30))
def test_nothing_makes_it_raise(location):
    headers = (("location", location),)
    again = redirected(ASKED, 307, headers)
    assert again is None or place_of(ASKED.path, 307, headers) == again.path


def test_a_response_that_leads_elsewhere_says_where():
    body = ResponseBody(ASKED.path, FramingLimits())
    body.receive_head(302, (("location", "https://login.example/?token=s3cret"),))
    assert str(body.refusal) == "http://agent.example:8000/a2a is not there: HTTP 302 leads to https://login.example/"
