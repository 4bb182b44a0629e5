"""Meddling: what is tested says something else than it meant to, and all that is known of it are its bytes."""

from attrs import define, field


@define(eq=False)
class Meddler:
    """The other side's end of a connection, with lines that are dropped, doubled or changed on their way out."""

    end: object
    meddle: object
    _lines: bytearray = field(factory=bytearray)

    def __getattr__(self, name):
        return getattr(self.end, name)

    def data_to_send(self):
        self._lines += b"".join(self.end.data_to_send())
        *whole, rest = bytes(self._lines).split(b"\n")
        self._lines[:] = rest
        return [line + b"\n" for each in whole for line in self.meddle(each)]
