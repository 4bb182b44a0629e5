"""Frames ↔ requests, notifications and responses; the connection around them."""

from mutants.mutant import Mutant

_PEER = ("test_jsonrpc_peer.py", "test_jsonrpc_requests.py", "spec/test_jsonrpc_table.py", "properties/test_jsonrpc.py")
_IDS = ("spec/test_jsonrpc_ids.py", "properties/test_jsonrpc.py")
_CONNECTION = ("test_connection.py", "properties/test_connection.py")

MUTANTS = (
    Mutant(
        "a-batch-is-answered-singly",
        "jsonrpc/incoming.py",
        "            self._one(message, raw, batch)\n",
        "            self._one(message, raw, None)\n",
        _PEER,
    ),
    Mutant(
        "an-empty-batch-is-nothing",
        "jsonrpc/incoming.py",
        "        if not messages:\n",
        "        if messages is None:\n",
        _PEER,
    ),
    Mutant(
        "answers-of-a-batch-come-twice",
        "jsonrpc/batch.py",
        "encode_array(answers) if answers and not self._missing else None",
        "encode_array([*answers, *answers]) if answers and not self._missing else None",
        _PEER,
    ),
    Mutant(
        "one-is-one-point-nought",
        "jsonrpc/ids.py",
        "return (type(request_id), request_id)",
        "return (str, request_id)",
        _IDS,
    ),
    Mutant(
        "the-tables-of-ids-are-mixed-up",
        "jsonrpc/incoming.py",
        "elif request.id in self.theirs:",
        "elif request.id in self.ours:",
        _PEER,
    ),
    Mutant(
        "an-error-is-told-as-a-result",
        "jsonrpc/incoming.py",
        "            if response.error is None:\n",
        "            if response.error is not response:\n",
        _PEER,
    ),
    Mutant(
        "the-answer-to-a-ping-is-unexpected",
        "jsonrpc/incoming.py",
        "elif self.ours.is_ping(response.id):",
        "elif False:",
        ("test_jsonrpc_peer.py", "test_connection.py", "properties/test_connection.py"),
    ),
    Mutant(
        "a-cancel-is-told-again-and-again",
        "jsonrpc/incoming.py",
        "            owed.cancelled = True\n",
        "",
        _PEER,
    ),
    Mutant(
        "in-flight-is-never-checked",
        "jsonrpc/incoming.py",
        "elif len(self.theirs) >= self.limits.in_flight:",
        "elif False:",
        _PEER,
    ),
    Mutant(
        "a-timeout-is-never-set",
        "jsonrpc/ours.py",
        "        if deadline is not None:\n            self._deadlines.set(key, deadline)\n",
        "",
        _PEER,
    ),
    Mutant(
        "an-answered-request-times-out",
        "jsonrpc/ours.py",
        "        if asked is not None:\n            self._deadlines.clear(key)\n",
        "",
        _PEER,
    ),
    Mutant(
        "what-was-asked-before-the-end-cannot-be-answered",
        "jsonrpc/peer.py",
        "        self._closed = not self._theirs\n",
        "        self._closed = True\n",
        (*_PEER, "test_connection.py"),
    ),
    Mutant(
        "pending-requests-vanish-at-the-end",
        "jsonrpc/peer.py",
        "pending=self._ours.end_all()",
        "pending=()",
        (*_PEER, "test_connection.py"),
    ),
    Mutant(
        "a-heartbeat-is-given-up-at-once",
        "heartbeat.py",
        "            self._next = now + self.options.interval\n            self._asked = False\n",
        "            self._next = now + self.options.interval\n",
        ("test_heartbeat.py", "test_connection.py", "properties/test_connection.py"),
    ),
    Mutant(
        "a-timer-that-was-moved-rings-twice",
        "timers.py",
        "            if self._places.get(name) == place:\n",
        "            if name in self._places:\n",
        ("test_timers.py",),
    ),
    Mutant(
        "timers-that-were-moved-pile-up",
        "timers.py",
        "        return self._places.get(name) == place\n",
        "        return name in self._places\n",
        ("test_timers.py",),
    ),
    Mutant(
        "the-last-attempt-is-never-made",
        "backoff.py",
        "return attempt < self.attempts",
        "return attempt + 1 < self.attempts",
        ("test_backoff.py",),
    ),
    Mutant(
        "everybody-comes-back-in-step", "backoff.py", "(random if self.jitter else 1.0)", "1.0", ("test_backoff.py",)
    ),
    Mutant(
        "a-line-that-was-cut-is-the-end",
        "connection.py",
        "        error: HocketError | None = self._take_frames(now)\n",
        "        self._take_frames(now)\n        error: HocketError | None = None\n",
        _CONNECTION,
    ),
    Mutant(
        "the-dead-are-waited-for",
        "connection.py",
        "            case Beat.DEAD:\n",
        "            case Beat.DEAD if self.is_closed:\n",
        _CONNECTION,
    ),
    Mutant(
        "nothing-is-a-sign-of-life",
        "connection.py",
        "if self._pulse is not None and data:",
        "if self._pulse is not None:",
        _CONNECTION,
    ),
    Mutant(
        "a-usual-call-may-be-of-any-depth",
        "jsonrpc/usual.py",
        "        try:\n            check_text(data)\n            if known is None:\n",
        "        try:\n            if known is None:\n",
        ("properties/test_jsonrpc_usual.py",),
    ),
)
