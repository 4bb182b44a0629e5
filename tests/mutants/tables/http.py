"""The HTTP binding."""

from mutants.mutant import Mutant

_RESUMING = ("test_http_resuming.py", "properties/test_http_resuming.py")
_RPC = ("spec/test_a2a_frames.py", "test_http_exchange.py", "properties/test_http_exchange.py")
_REST = ("spec/test_a2a_rest_table.py", "test_http_rest.py", "properties/test_http_rest.py")

MUTANTS = (
    Mutant(
        "attempts-are-counted-for-ever",
        "http/resuming.py",
        "            self._attempts, self._news = 0, reader.news\n",
        "            self._news = reader.news\n",
        _RESUMING,
    ),
    Mutant("an-attempt-is-not-counted", "http/resuming.py", "            self._attempts += 1\n", "", _RESUMING),
    Mutant(
        "what-was-seen-is-not-said",
        "http/resuming.py",
        "            seen = reader.offset\n",
        "            seen = None\n",
        _RESUMING,
    ),
    Mutant(
        "it-is-asked-again-at-once",
        "http/resuming.py",
        "until is not None and now >= until and",
        "until is not None and",
        _RESUMING,
    ),
    Mutant(
        "a-lost-answer-ends-it",
        "http/resuming.py",
        '        elif ending.how == "ended" or self._is_passing(ending.reason):\n',
        "        elif self._is_passing(ending.reason):\n",
        _RESUMING,
        simulate="a2a",
    ),
    Mutant(
        "an-event-has-no-id",
        "http/rpc.py",
        "self._event = b'id: %%d",
        "self._event = b': %%d",
        _RPC,
    ),
    Mutant(
        "a-stream-is-let-into-a-batch",
        "http/rpc.py",
        "if in_batch and is_streaming(event.method):",
        "if in_batch and event.method is None:",
        _RPC,
    ),
    Mutant(
        "a-body-is-answered-before-all-of-it-is",
        "http/rpc.py",
        "        if self._open:\n            return None\n",
        "        if self._open > 1:\n            return None\n",
        _RPC,
    ),
    Mutant(
        "any-body-is-taken-for-json",
        "http/rpc.py",
        "    if problem is not None:\n        return json_response(encode_error(None, problem), status=415)\n",
        "",
        ("test_http_rest.py",),
    ),
    Mutant(
        "a-silent-stream-has-no-comments",
        "http/event_body.py",
        "        if self._silent_until is not None and now >= self._silent_until:\n",
        "        if self._silent_until is not None and now > self._silent_until + 60:\n",
        (*_RPC, "test_acp_http_feed.py"),
    ),
    Mutant(
        "a-task-that-is-missing-is-a-bad-request",
        "http/rest_errors.py",
        'Code.TASK_NOT_FOUND: (404, "NOT_FOUND")',
        'Code.TASK_NOT_FOUND: (400, "NOT_FOUND")',
        _REST,
    ),
    Mutant(
        "the-reason-of-an-error-is-not-read",
        "http/rest_errors.py",
        "                return int(Code[reason])\n",
        "                continue\n",
        _REST,
    ),
    Mutant(
        "a-redirect-leads-anywhere",
        "http/redirects.py",
        "        if before.hostname != after.hostname or",
        "        if not before.hostname or",
        ("test_http_redirects.py",),
    ),
    Mutant(
        "a-redirect-leads-away-from-tls",
        "http/redirects.py",
        '(before.scheme, after.scheme) == ("http", "https")',
        '{before.scheme, after.scheme} == {"http", "https"}',
        ("test_http_redirects.py",),
    ),
    Mutant(
        "a-date-is-held-against-no-clock",
        "http/retry_after.py",
        "max(0.0, (then - now).total_seconds())",
        "(then - now).total_seconds()",
        ("test_http_retry_after.py",),
    ),
    Mutant(
        "any-name-of-the-host-will-do",
        "http/host_names.py",
        'if self.names is None and (not is_loopback(listening or "") or is_loopback(name)):',
        "if self.names is None:",
        ("test_http_host_names.py",),
    ),
    Mutant(
        "a-strange-page-is-believed",
        "http/principal.py",
        "        return _foreign_page(request, cors) or declared\n",
        "        return declared\n",
        ("test_acp_http.py", "test_acp_hub_principals.py", "test_http_cors.py", "test_acp_socket.py"),
    ),
    Mutant(
        "anybody-may-speak-for-anybody",
        "http/principal.py",
        "if isinstance(subject, ErrorObject) or declared in (None, subject):",
        "if subject is not None:",
        ("test_acp_http.py", "test_acp_hub_principals.py", "test_acp_socket.py"),
    ),
    Mutant("a-path-is-decoded-twice", "http/rest_paths.py", "unquote(value) for", "unquote(unquote(value)) for", _REST),
    Mutant(
        "dots-lead-out-of-a-path",
        "http/rest_paths.py",
        'text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")',
        'quote(text, safe="")',
        _REST,
    ),
    Mutant(
        "a-tenant-is-taken-for-something-else",
        "http/rest_paths.py",
        'if place is None or place.ids.get("tenant") != tenant:',
        "if place is None:",
        _REST,
    ),
)
