"""What commands that talk to an agent are told of the network: proxies, and whom to believe."""

import json

import click
import pytest
from cryptography.hazmat.primitives import serialization

from hocket_io.cli.trust import context_of
from support.commands import error_of, invoke
from support.http_proxy import http_proxy
from support.tls import authority, server_context
from support.web import agent_that_streams, web
from support.wire import said


def hi():
    event = {"jsonrpc": "2.0", "id": "1", "result": said("hi")}
    return agent_that_streams(b"data: " + json.dumps(event).encode() + b"\n\n")


@pytest.fixture(scope="module")
def agent():
    """An agent over https that only those are told of who show a certificate."""
    with web(hi(), server_context(wants_client=True)) as (url, _):
        yield url


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The authority of the tests; a certificate of ours with its key, one without, and one that is locked."""
    place = tmp_path_factory.mktemp("certificates")
    names = {name: str(place / f"{name}.pem") for name in ("authority", "ours", "bare", "none", "missing")}
    authority().cert_pem.write_to_path(names["authority"])
    ours = authority().issue_cert("ada@example.com")
    ours.private_key_and_cert_chain_pem.write_to_path(names["ours"])
    ours.cert_chain_pems[0].write_to_path(names["bare"])
    (place / "none.pem").write_text("nothing of the kind")
    return names


def ask(url, *words):
    return invoke("send", "-a", url, "--no-resume", "--stream", "hi", *words)


def test_authorities_a_certificate_of_ones_own_and_a_proxy(agent, files):
    with http_proxy("ada:s3cret") as proxy:
        through = ["--proxy", proxy.url_with("ada:s3cret")]
        result = ask(agent, "--cacert", files["authority"], "--cert", files["ours"], *through)
    assert (result.exit_code, "hi" in result.stdout) == (0, True), result.stderr
    assert {method for method, _ in proxy.asked} == {"CONNECT"}


def test_whoever_answers(agent, files):
    result = ask(agent, "--insecure", "--cert", files["ours"])
    assert (result.exit_code, "hi" in result.stdout) == (0, True), result.stderr
    result = ask(agent, "-o", "json", "--cert", files["ours"])
    assert result.exit_code != 0
    assert "not to be trusted" in error_of(result)["message"]


def test_a_hub_is_believed_in_the_same_way(agent, files):
    join = ["join", "-a", agent, "--as", "ada", "s"]
    trusted = invoke(*join, "--cacert", files["authority"], "--cert", files["ours"])
    assert "it may be no hub" in trusted.stderr
    assert "it may be no hub" in invoke(*join, "--insecure", "--cert", files["ours"]).stderr
    assert "not to be trusted" in invoke(*join, "--cert", files["ours"]).stderr


@pytest.mark.parametrize("target", ["stdio:true", "tcp://127.0.0.1:1"])
def test_a_hub_without_tls_is_not_believed_by_certificates(target):
    result = invoke("join", "-a", target, "--as", "ada", "--insecure", "s")
    assert result.exit_code == 2
    assert "are for hubs at https:// and wss://" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--cacert", "missing"], "--cacert: {missing} cannot be read: No such file"),
        (["--cacert", "none"], "--cacert: {none} has no certificates"),
        (["--cert", "missing"], "--cert: {missing} cannot be read: No such file"),
        (["--cert", "bare"], "--cert: {bare} has no certificate with its key"),
        (["--insecure", "--cacert", "authority"], "choose one"),
        (["--proxy", "socks5://ada:s3cret@proxy"], "proxy must be a URL of a proxy"),
    ],
)
def test_what_cannot_be_used_is_said(files, words, said):
    result = ask("https://127.0.0.1:1/", "-o", "json", *[files.get(word, word) for word in words])
    error = error_of(result)
    assert error["code"] == "A2ACLI_ERR_USAGE"
    assert said.format(**files) in error["message"]
    assert "s3cret" not in result.stderr


@pytest.mark.parametrize("words", [["--proxy", "http://p:1"], ["--cacert", "x"], ["--cert", "x"], ["--insecure"]])
def test_a_pipe_has_no_network(words):
    result = ask("stdio:true", *words)
    assert result.exit_code != 0
    assert "not for a pipe" in result.stderr


def test_a_key_that_is_locked_asks_nobody_for_its_password(tmp_path):
    leaf = authority().issue_cert("ada@example.com")
    key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"pw")
    )
    path = tmp_path / "locked.pem"
    path.write_bytes(locked + leaf.cert_chain_pems[0].bytes())
    with pytest.raises(click.UsageError, match="unencrypted"):
        context_of(None, str(path), insecure=False)


def test_nothing_is_asked_for():
    assert context_of(None, None, insecure=False) is None
