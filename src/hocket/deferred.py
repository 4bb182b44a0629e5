"""Names of a package that are imported when somebody asks for them (PEP 562), so that `import hocket` costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

__all__ = ["deferred"]


def deferred(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and the `__dir__` of a package. A name is looked up once: from then on the package has it.

    Args:
        package: Its name.
        homes: The modules, each with the names that the package has from it.

    >>> ask, names = deferred("hocket", {"hocket.errors": ["Code", "RpcError"]})
    >>> ask("Code").PARSE_ERROR.value
    -32700
    >>> ask("Cod")
    Traceback (most recent call last):
        ...
    AttributeError: module 'hocket' has no attribute 'Cod'
    >>> "RpcError" in names()
    True
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def look_up(name: str) -> object:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(import_module(home), name)
        setattr(import_module(package), name, found)
        return found

    def names() -> list[str]:
        return sorted({*vars(import_module(package)), *home_of})

    return look_up, names
