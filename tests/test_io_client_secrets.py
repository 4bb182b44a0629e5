"""What may be a secret is shown to nobody: not in reprs, errors or logs, and not to hosts that are not the agent's."""

import logging
from base64 import b64encode

import pytest

from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket_io import AsyncClient, Client
from hocket_io.acp import AcpClient, BlockingAcpClient
from hocket_io.acp.links.targets import parse_link_target
from support.clients import KINDS, tell
from support.web import web

each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.parametrize("client", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("http://ada:s3cret@agent:8000/a2a?key=s3cret", "HttpTarget(url='http://agent:8000/a2a')"),
        ("wss://ada:s3cret@agent/?key=s3cret", "WebSocketTarget(url='wss://agent/')"),
        ("stdio:agent --token s3cret", "CommandTarget(command=('agent', …)"),
    ],
)
def test_a_client_shows_its_target_without_them(client, target, shown):
    text = repr(client(target, headers={"x-api-key": "s3cret"}, proxy="http://ada:s3cret@proxy:3128"))
    assert shown in text
    assert "s3cret" not in text


@pytest.mark.parametrize(
    "target",
    [
        "ftp://ada:s3cret@agent/",
        "http://ada:s3cret@/a2a",
        "http://ada:s3cret@agent:0/",
        "ws://ada:s3cret@agent:99999/?key=s3cret",
        "http://ada:s3cret@[::1/?key=s3cret",
        "ada:s3cret@agent",
        "stdio:agent --token 's3cret",
        "stdio+lines:agent --token s3cret",
    ],
)
def test_what_is_no_target_is_refused_without_them(target):
    with pytest.raises(LocalProtocolError) as refused:
        Client(target)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("client", [AcpClient, BlockingAcpClient])
@pytest.mark.parametrize("target", ["wss://ada:s3cret@hub/?key=s3cret", "stdio:hub --token s3cret"])
def test_neither_does_a_client_of_a_hub_show_them(client, target):
    assert "s3cret" not in f"{client(target, agent='ada')} {parse_link_target(target)}"


@pytest.mark.parametrize(
    "target",
    [
        "ftp://ada:s3cret@hub/",
        "http://ada:s3cret@hub/?key=s3cret",
        "tcp://ada:s3cret@hub:8101",
        "ws://ada:s3cret@hub:0/",
        "ada:s3cret@hub",
        "stdio:hub --token 's3cret",
    ],
)
def test_what_is_no_hub_is_refused_without_them(target):
    with pytest.raises(LocalProtocolError) as refused:
        parse_link_target(target)
    assert "s3cret" not in str(refused.value)


def nobody(request):
    request.reply(404, b"")


@each_kind
def test_the_name_and_password_of_a_url_are_sent_and_not_logged(kind, caplog):
    caplog.set_level(logging.DEBUG, "httpx2")

    async def ask(way):
        with pytest.raises(ConnectionFailed) as failed:
            await way.ask("text", "Ada")
        return f"{failed.value} {way.client}"

    with web(nobody) as (url, asked):
        said = tell(kind, ask, url.replace("//", "//ada:s3cr%40t@"))
    wanted = "Basic " + b64encode(b"ada:s3cr@t").decode()
    assert {each.headers["authorization"] for each in asked} == {wanted}
    assert asked[-1].command == "POST"
    assert "HTTP Request" in caplog.text
    assert "s3cr" not in caplog.text + said


@each_kind
def test_a_url_without_a_name_is_asked_without_one(kind):
    async def ask(way):
        with pytest.raises(ConnectionFailed):
            await way.ask("text", "Ada")

    with web(nobody) as (url, asked):
        tell(kind, ask, url)
    assert all("authorization" not in each.headers for each in asked)


@each_kind
def test_header_fields_are_sent_to_no_other_host_that_a_card_is_said_to_be_at(kind):
    with web(nobody) as (elsewhere, asked_elsewhere):

        def answer(request):
            if request.command == "GET":
                request.reply(307, b"", Location=f"{elsewhere.replace('127.0.0.1', 'localhost')}card.json")
            else:
                nobody(request)

        async def ask(way):
            with pytest.raises(ConnectionFailed):
                await way.ask("text", "Ada")

        with web(answer) as (url, asked):
            tell(kind, ask, url, headers={"x-api-key": "s3cret"})
    assert {each.headers["x-api-key"] for each in asked} == {"s3cret"}
    assert asked_elsewhere == []


@each_kind
def test_a_card_that_is_elsewhere_at_the_same_host_is_found(kind):
    card = (
        b'{"name": "ada", "description": "", "version": "1", "capabilities": {}, "url": "http://127.0.0.1:9/", '
        b'"protocolVersion": "0.3.0", "defaultInputModes": [], "defaultOutputModes": [], "skills": []}'
    )

    def answer(request):
        if request.path == "/cards/ada":
            request.reply(200, card)
        else:
            request.reply(308, b"", Location="/cards/ada")

    async def ask(way):
        return await way.ask("card")

    with web(answer) as (url, _):
        assert tell(kind, ask, url).name == "ada"
