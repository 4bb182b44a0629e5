"""The one table of errors: it is complete, and messages tell a person what to do."""

import pytest

from hocket import errors
from hocket.errors import (
    CODES,
    Code,
    CodecError,
    ErrorObject,
    HocketError,
    LimitExceeded,
    LocalProtocolError,
    MissingExtra,
    RemoteProtocolError,
    RpcError,
)

# Written by hand from JSON-RPC 2.0 section 5.1 and A2A 1.0 section 9.5.
NUMBERS = {
    -32700: "PARSE_ERROR",
    -32600: "INVALID_REQUEST",
    -32601: "METHOD_NOT_FOUND",
    -32602: "INVALID_PARAMS",
    -32603: "INTERNAL_ERROR",
    -32001: "TASK_NOT_FOUND",
    -32002: "TASK_NOT_CANCELABLE",
    -32003: "PUSH_NOTIFICATION_NOT_SUPPORTED",
    -32004: "UNSUPPORTED_OPERATION",
    -32005: "CONTENT_TYPE_NOT_SUPPORTED",
    -32006: "INVALID_AGENT_RESPONSE",
    -32007: "EXTENDED_AGENT_CARD_NOT_CONFIGURED",
    -32008: "EXTENSION_SUPPORT_REQUIRED",
    -32009: "VERSION_NOT_SUPPORTED",
    -32050: "OVERLOADED",
    -32800: "REQUEST_CANCELLED",
    -40003: "STREAM_NOT_FOUND",
    -40004: "STREAM_CLOSED",
    -40005: "AGENT_NOT_AVAILABLE",
    -40006: "PERMISSION_DENIED",
    -40007: "AUTHENTICATION_FAILED",
    -40008: "INSUFFICIENT_SCOPE",
    -40009: "TOKEN_EXPIRED",
    -40010: "STREAM_PAUSED",
    -40011: "CHUNK_SEQUENCE",
    -40012: "LIMIT_EXCEEDED",
}


def test_the_codes_are_those_of_the_specifications():
    assert {code.value: code.name for code in Code} == NUMBERS


def test_every_code_has_a_message_of_its_own():
    assert list(CODES) == list(Code)
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize("code", Code)
def test_an_error_takes_the_message_of_the_table_unless_there_is_a_better_one(code):
    assert ErrorObject.of(code) == ErrorObject(code.value, CODES[code], None)
    assert ErrorObject.of(code, "because", {"a": 1}) == ErrorObject(code.value, "because", {"a": 1})
    assert type(ErrorObject.of(code).code) is int


def test_an_empty_message_is_a_message():
    assert ErrorObject.of(Code.INTERNAL_ERROR, "").message == ""


def test_everything_raised_on_purpose_has_one_base_and_is_exported():
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert len(kinds) >= 12
    assert all(issubclass(kind, HocketError) for kind in kinds)
    assert all(kind.__name__ in errors.__all__ for kind in kinds)


def test_our_mistakes_and_the_peers_are_told_apart():
    assert not issubclass(LocalProtocolError, RemoteProtocolError)
    assert issubclass(LimitExceeded, RemoteProtocolError)
    assert issubclass(CodecError, RemoteProtocolError)


def test_a_limit_names_the_option_and_both_numbers():
    error = LimitExceeded("batch", 100, 101)
    assert (error.option, error.maximum, error.actual) == ("batch", 100, 101)
    assert str(error).count("batch") == 2
    assert "100" in str(error)
    assert "101" in str(error)
    assert "None" not in str(LimitExceeded("batch", 100))


def test_a_codec_error_says_where_if_it_knows():
    assert str(CodecError("must be a string", "params.id")) == "params.id: must be a string"
    assert str(CodecError("not UTF-8")) == "not UTF-8"


def test_an_error_of_the_peer_carries_what_was_on_the_wire():
    error = RpcError(ErrorObject(-32001, "Task not found", {"id": "x"}))
    assert (error.code, error.error.data) == (-32001, {"id": "x"})
    assert str(error) == "Task not found (-32001)"


def test_a_missing_extra_says_how_to_install_it():
    error = MissingExtra("WebSocket", "ws")
    assert 'pip install "hocket[ws]"' in str(error)
    assert error.extra == "ws"
