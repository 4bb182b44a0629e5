"""The HTTP binding."""

from mutants.mutant import Mutant

_RESUMING = ("test_http_resuming.py", "properties/test_http_resuming.py")

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
    ),
)
