r"""Lines for a shell: what bash makes of them is what was meant, byte by byte.

No curl and no agent is needed: the words are given to a program that shows what it was given.
"""

import json
import shlex
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket.testing.curl import curl_line, pipe_line, shell_word
from hocket.testing.probe import Ask

SHOW = [sys.executable, "-c", "import json,sys;print(json.dumps([sys.argv[1:], list(sys.stdin.buffer.read())]))"]

AWKWARD = [
    b"",
    b"'",
    b"\\",
    b"\\'$`\"!\n\r\t\x00\x7f\x80\xff\xe2\x80\xa8 %s %% -n @file",
    b"-x",
    b"@x",
    b"%d\\x41\\101",
    '{"text":"it\'s 👋 \u2028"}'.encode(),
    bytes(range(256)),
]


def shell(script):
    """What bash does with a script."""
    ended = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60, check=True)
    return ended.stdout


@pytest.mark.process
@settings(max_examples=5)
@given(st.lists(st.binary(max_size=40), max_size=40))
def test_bash_reads_each_word_as_it_was_meant(words):
    words = [word for word in (*AWKWARD, *words) if b"\0" not in word]
    script = "printf '%s\\0' " + " ".join(shell_word(word) for word in words)
    assert shell(script).split(b"\0")[:-1] == words


@pytest.mark.process
@settings(max_examples=5)
@given(st.lists(st.binary(max_size=40), max_size=20))
def test_what_is_printed_into_a_pipe_is_what_was_meant(frames):
    frames = [*AWKWARD, *frames]
    script = "; ".join(pipe_line(["od", "-An", "-v", "-tx1", "-w1000"], frame) for frame in frames if frame)
    assert [bytes.fromhex(line) for line in shell(script).decode().splitlines()] == [each for each in frames if each]


@pytest.mark.process
@pytest.mark.parametrize("body", [b'{"a":"it\'s"}', b"\0", b"@file", bytes(range(256))])
def test_curl_is_given_the_request(body):
    ask = Ask(body=body, headers={"Content-Type": "application/json", "A2A-Version": "1.0", "X-Empty": ""})
    line = curl_line("http://agent/a?b=c&d='", ask, {"Authorization": "Bearer x y"})
    arguments, stdin = json.loads(shell(f'A2ACLI_BEARER="x y"; curl() {{ {shlex.join(SHOW)} "$@"; }}; {line}'))
    assert arguments[:2] == ["-sN", "http://agent/a?b=c&d='"]
    fields = [arguments[number + 1] for number, word in enumerate(arguments) if word == "-H"]
    assert fields == ["Authorization: Bearer x y", "Content-Type: application/json", "A2A-Version: 1.0", "X-Empty;"]
    data = arguments[arguments.index("--data-binary") + 1].encode("utf-8", "surrogateescape")
    assert (bytes(stdin) if data == b"@-" else data) == body


@pytest.mark.process
@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"text":"' + "日".encode() * 5_000 + b"it's" + b"ab" * 40_000 + b'"}']
)
def test_what_is_long_makes_no_long_line(body):
    line = curl_line("http://agent/", Ask(body=body))
    assert len(line) < 400
    arguments, stdin = json.loads(shell(f'curl() {{ {shlex.join(SHOW)} "$@"; }}; {line}'))
    assert (arguments[-1], bytes(stdin)) == ("@-", body)
    assert shell(pipe_line(["cat"], body)) == body


def test_what_may_be_a_secret_is_not_in_the_line():
    headers = {"Authorization": "Bearer s3cret", "X-Api-Key": "s3cret", "Cookie": "s3cret", "X-Tenant": "acme"}
    line = curl_line("http://ada:s3cret@agent/?a=b", Ask(body=b"{}"), headers)
    assert "s3cret" not in line
    assert line.startswith("curl -sN 'http://agent/?a=b' -H 'Authorization: Bearer '\"$A2ACLI_BEARER\" ")
    assert """-H 'X-Api-Key: '"$X_API_KEY" -H 'Cookie: '"$COOKIE" -H 'X-Tenant: acme'""" in line


def test_the_method_is_named_where_curl_would_take_another():
    assert "-X" not in curl_line("http://agent/", Ask.call("tasks/get"))
    assert "-X" not in curl_line("http://agent/", Ask.get("/"))
    assert "-X DELETE" in curl_line("http://agent/", Ask(http_method="DELETE"))
    assert "-X GET" in curl_line("http://agent/", Ask(body=b"{}", http_method="GET"))


def test_curl_makes_up_no_content_type():
    assert "-H Content-Type: " in curl_line("http://agent/", Ask(body=b"{}"))
    assert "Content-Type" not in curl_line("http://agent/", Ask.get("/"))


def test_an_address_is_one_word():
    line = curl_line("http://agent/?q=a b&c", Ask.get("/"))
    assert line == "curl -sN 'http://agent/?q=a b&c'"
    assert urlsplit(line.split("'")[1]).query == "q=a b&c"
