"""Requests of A2A as they are sent: JSON-RPC, letter by letter, in each version."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hocket import codec
from hocket.a2a import V1_0, Dialect, Operation, Params, dialect_for
from hocket.errors import LocalProtocolError
from hocket.jsonrpc import Id
from hocket.testing.probe import Ask
from hocket.testing.strategies.calls import params
from hocket.testing.strategies.values import request_ids

__all__ = ["WireRequest", "requests"]


@frozen(kw_only=True)
class WireRequest:
    """A request that a client of some version may send.

    Attributes:
        operation: What is asked.
        params: With which parameters.
        id: The JSON-RPC id.
        version: Of A2A, as `A2A-Version` says it.

    >>> from hocket.a2a import GetTaskRequest
    >>> request = WireRequest(operation=Operation.GET, params=GetTaskRequest(id="T"), id=7, version="0.3")
    >>> request.body
    b'{"jsonrpc":"2.0","id":7,"method":"tasks/get","params":{"id":"T"}}'
    """

    operation: Operation
    params: Params
    id: Id
    version: str

    @property
    def dialect(self) -> Dialect:
        """How the version looks."""
        dialect = dialect_for(self.version)
        if dialect is None:
            raise LocalProtocolError(f"there is no version {self.version} of A2A")
        return dialect

    @property
    def method(self) -> str:
        """What the version calls the operation."""
        return self.dialect.methods[self.operation]

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields that HTTP needs for it."""
        version = {"A2A-Version": self.version} if self.dialect.sends_version else {}
        return {"Content-Type": "application/json", **version}

    @property
    def message(self) -> dict[str, Any]:
        """The request as JSON, to be changed at will."""
        wire = self.dialect.write_params(self.operation, self.params)
        # What is written may share members with the model, and hold tuples: the text has neither.
        loaded: dict[str, Any] = codec.loads(
            codec.dumps({"jsonrpc": "2.0", "id": self.id, "method": self.method, "params": wire})
        )
        return loaded

    @property
    def body(self) -> bytes:
        """What is sent."""
        return codec.dumps(self.message)

    @property
    def ask(self) -> Ask:
        """The same for a `Probe`."""
        return Ask(body=self.body, method=self.method, headers=self.headers)


@st.composite
def requests(draw: st.DrawFn, dialect: Dialect = V1_0, operations: Collection[Operation] | None = None) -> WireRequest:
    """Requests of every operation that a version has, with all that it lets one ask for.

    A server must understand each of them; whether the task that one names is there is another question.

    Args:
        draw: Given by Hypothesis.
        dialect: The version.
        operations: Only these, which the version has; all of them by default.

    >>> from hypothesis import find
    >>> find(requests(), lambda request: request.operation is Operation.GET).body
    b'{"jsonrpc":"2.0","id":"","method":"GetTask","params":{"id":"0"}}'
    """
    return draw(_of_some_kinds(dialect, tuple(dialect.methods if operations is None else operations)))


# What is drawn from is made once: to make it costs as much as a hundred draws.
@cache
def _of_some_kinds(dialect: Dialect, operations: tuple[Operation, ...]) -> SearchStrategy[WireRequest]:
    return st.one_of([_of_one_kind(dialect, operation) for operation in dialect.methods if operation in operations])


@cache
def _of_one_kind(dialect: Dialect, operation: Operation) -> SearchStrategy[WireRequest]:
    return st.builds(
        WireRequest,
        operation=st.just(operation),
        params=params(operation, dialect),
        id=request_ids(),
        version=st.just(dialect.version),
    )
