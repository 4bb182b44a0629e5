"""Mutant: one way to break a file of the core."""

from attrs import frozen

__all__ = ["Mutant"]


@frozen
class Mutant:
    """One mistake that somebody could make.

    Attributes:
        name: What is wrong then, in a few words with hyphens.
        file: The file that is changed, below `src/hocket`.
        old: Text that occurs in it once.
        new: What is written there instead.
        tests: Files of tests, below `tests`, that should notice.
        simulate: The protocol in whose simulated sessions it should show ("a2a" or "acp"); None if it cannot.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    simulate: str | None = None

    def applied_to(self, text: str) -> str:
        """The file's text with the mistake in it."""
        times = text.count(self.old)
        if times != 1:
            raise ValueError(f"mutant {self.name}: its old text is {times} times in {self.file}, and should be once")
        return text.replace(self.old, self.new)
