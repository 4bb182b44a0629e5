"""The log and its cursors."""

from mutants.mutant import Mutant

_LOG = ("test_log.py", "properties/test_log.py")

MUTANTS = (
    Mutant(
        "a-second-writer-is-not-fenced",
        "log.py",
        "if expect is not None and expect != self.last:",
        "if expect is not None and expect > self.last:",
        _LOG,
    ),
    Mutant(
        "a-cursor-skips-after-a-snapshot",
        "log.py",
        "        self.after = after\n",
        "        self.after = min(after + 1, self.log.last)\n",
        _LOG,
    ),
    Mutant(
        "a-cursor-reads-its-last-entry-again",
        "log.py",
        "max(0, after + 1 - self.first)",
        "max(0, after - self.first)",
        _LOG,
        simulate="a2a",
    ),
    Mutant(
        "nobody-is-ever-behind",
        "log.py",
        "return self.after + 1 < self.log.first",
        "return False",
        _LOG,
        simulate="a2a",
    ),
    Mutant("a-log-keeps-everything", "log.py", "        self._trim()\n", "        pass\n", _LOG, simulate="a2a"),
    Mutant(
        "a-log-keeps-one-too-few",
        "log.py",
        "len(entries) - limits.entries)",
        "len(entries) - limits.entries + 1)",
        _LOG,
    ),
    Mutant(
        "dropped-entries-weigh-on",
        "log.py",
        "self._dropped, self.held = kept_from, held\n",
        "self._dropped = kept_from\n",
        _LOG,
    ),
    Mutant(
        "a-reader-is-done-too-early", "log.py", "self.log.is_ended and not self.has_more", "self.log.is_ended", _LOG
    ),
    Mutant(
        "each-reader-is-encoded-for-anew",
        "log.py",
        "            self._dialect, self._written = dialect, written\n",
        "            pass\n",
        _LOG,
    ),
)
