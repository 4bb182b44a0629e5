"""Targets: what a client can be pointed at."""

import shlex
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket import Agent
from hocket.errors import LocalProtocolError
from hocket.framing import ContentLength, Ndjson
from hocket_io.client.targets import CommandTarget, HttpTarget, MemoryTarget, WebSocketTarget, parse_target


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "https://agent.example/path?key=value",
        "HTTP://AGENT.EXAMPLE",
        "http://[::1]:8000/",
        "http://user:secret@agent.example/",
    ],
)
def test_addresses(url):
    assert parse_target(url) == HttpTarget(url)


@pytest.mark.parametrize("url", ["ws://agent.example", "WSS://agent.example/agents/one/ws"])
def test_addresses_of_web_sockets(url):
    assert parse_target(url) == WebSocketTarget(url)


def test_an_agent():
    agent = Agent("mine")
    assert parse_target(agent) == MemoryTarget(agent)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("", "is no target: give"),
        ("127.0.0.1:8000", "did you mean http://127.0.0.1:8000"),
        ("hello.py", "did you mean stdio:python -m hocket pipe hello.py"),
        ("ws://", "an address looks like ws://HOST:PORT/"),
        ("ftp://agent.example", "ftp:// is not spoken here"),
        ("://", ":// is not spoken here"),
        ("http://", "an address looks like http://HOST:PORT/"),
        ("http:///path", "an address looks like"),
        ("http://:8000", "an address looks like"),
        ("http://host:port", "an address looks like"),
        ("http://host:99999", "an address looks like"),
        ("http://host:0", "an address looks like"),
        ("https://[::1", "an address looks like https://HOST"),
        ("stdio:", "stdio: needs a command"),
        ("stdio:  ", "stdio: needs a command"),
        ("stdio+content-length:", "stdio: needs a command"),
        ("stdio+lsp:agent", "give stdio:COMMAND, stdio+ndjson:COMMAND, stdio+content-length:COMMAND"),
        ("stdio+ndjson", "give stdio:COMMAND, stdio+ndjson:COMMAND"),
        ("stdio:echo 'open", "the command of stdio: cannot be read: No closing quotation"),
    ],
)
def test_what_is_no_target(target, says):
    with pytest.raises(LocalProtocolError) as refused:
        parse_target(target)
    assert says in str(refused.value)


@pytest.mark.parametrize("target", ["", "stdoi:python -m hocket pipe hello.py"])
def test_what_is_no_host_either_is_not_taken_for_one(target):
    with pytest.raises(LocalProtocolError, match=r"stdio:COMMAND, or an Agent$"):
        parse_target(target)


@given(st.lists(st.text(min_size=1), min_size=1))
def test_commands_are_read_as_a_shell_would(words):
    parsed = parse_target("stdio:" + shlex.join(words))
    expected = [sys.executable, *words[1:]] if words[0] in ("python", "python3") else words
    assert parsed == CommandTarget(tuple(expected))


@pytest.mark.parametrize("python", ["python", "python3"])
def test_python_is_this_python(python):
    assert parse_target(f"stdio:{python} -m hocket").command == (sys.executable, "-m", "hocket")


@pytest.mark.parametrize(
    ("prefix", "framing"), [("stdio", Ndjson), ("stdio+ndjson", Ndjson), ("stdio+content-length", ContentLength)]
)
def test_the_prefix_of_a_command_names_the_framing(prefix, framing):
    assert parse_target(f"{prefix}:agent --port a:b") == CommandTarget(("agent", "--port", "a:b"), framing)


@given(st.text())
def test_whatever_is_given_is_a_target_or_refused(text):
    try:
        target = parse_target(text)
    except LocalProtocolError:
        return
    assert isinstance(target, HttpTarget | CommandTarget)
