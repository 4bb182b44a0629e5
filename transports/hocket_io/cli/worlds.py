"""Worlds: what `hocket simulate` plays in, by name: ours, or those of somebody's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from hocket_io.cli.exits import Failure
from hocket_io.cli.load import load_object

if TYPE_CHECKING:
    from hocket.testing.simulation import WorldFactory

__all__ = ["WORLDS", "world_named"]

WORLDS = ("a2a", "acp")
"""The worlds that are ours, by their protocols."""


def world_named(name: str) -> WorldFactory:
    """What makes the worlds of this name.

    Args:
        name: One of WORLDS, or FILE:NAME.

    Raises:
        Failure: There is no such file, or nothing of that name in it, or it is no world.
    """
    if name in WORLDS:
        from hocket.testing.worlds import A2AWorld, AcpWorld

        ours: dict[str, WorldFactory] = {"a2a": A2AWorld, "acp": AcpWorld}
        return ours[name]
    found = load_object(name)
    if not callable(found) or not hasattr(found, "ACTIONS") or not hasattr(found, "OPTIONS"):
        raise Failure(f"{name} is no world: a world is a class with ACTIONS and OPTIONS", "A2ACLI_ERR_USAGE")
    return cast("WorldFactory", found)
