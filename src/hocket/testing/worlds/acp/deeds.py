"""Deeds: all that can happen in this world, as a table.

The first number of a deed chooses among what it can be done with now, such as every agent in every stream that it may
speak in; the others say how.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from hocket.acp.states import ClientState
from hocket.testing.network import Link
from hocket.testing.simulation.actions import Action
from hocket.testing.worlds.acp.agent import Agent
from hocket.testing.worlds.acp.hostile import HOSTILE
from hocket.testing.worlds.acp.mouth import Opened

if TYPE_CHECKING:
    from hocket.testing.worlds.acp.world import AcpWorld

__all__ = ["DEEDS", "HUB", "Deed"]

HUB: Final = "hub"
"""Where the hub is."""
_ACTIVE, _PAUSED = ClientState.ACTIVE, ClientState.PAUSED
_SECONDS: Final = (0.05, 0.5, 3.0, 12.0, 35.0)
"""What is waited for."""
_JUMPS: Final = (35.0, 310.0, 1_000.0, 7_300.0)
"""What a clock jumps: over a gap of chunks, a stall, a pause, the longest life of a stream."""
_PACES: Final = (200.0, 2_000.0)
"""Bytes in a second that a slow reader takes."""
_DELAYS: Final = ((0.0, 0.0), (0.5, 1.0), (5.0, 20.0))
_MOST_STREAMS: Final = 6
_TO_SWAP: Final = 3


@frozen
class Deed:
    """One kind of thing that can happen.

    Attributes:
        action: What the simulator knows of it.
        choices: What it can be done with now; nothing if it is not possible.
        do: Does it with one of the choices, and as many numbers as are left.
    """

    action: Action
    choices: Callable[[AcpWorld], Sequence[Any]]
    do: Callable[..., None]


# What there is ----------------------------------------------------------------------------------------------------


def _connected(world: AcpWorld) -> Sequence[Agent]:
    if sum(len(agent.ears) for agent in world.cast) >= _MOST_STREAMS * len(world.cast):
        return ()
    return [agent for agent in world.cast if agent.client.is_connected]


def _places(world: AcpWorld, *states: ClientState) -> list[tuple[Agent, str]]:
    return [(agent, stream_id) for agent in world.cast for stream_id in agent.streams(*states)]


def _may_speak(world: AcpWorld) -> list[tuple[Agent, str]]:
    return _places(world, _ACTIVE)


def _may_act(world: AcpWorld) -> list[tuple[Agent, str]]:
    return _places(world, _ACTIVE, _PAUSED)


def _may_join(world: AcpWorld) -> list[tuple[Agent, str]]:
    return [
        (agent, stream_id)
        for agent in world.cast
        if agent.client.is_connected
        for stream_id in world.streams
        if agent.may_join(stream_id)
    ]


def _open(world: AcpWorld) -> list[tuple[Agent, str, Opened]]:
    return [
        (agent, stream_id, opened)
        for agent, stream_id in _may_speak(world)
        if stream_id in agent.mouths
        for opened in agent.mouths[stream_id].open
    ]


def _ready(world: AcpWorld) -> list[tuple[Agent, str, Opened]]:
    return [each for each in _open(world) if each[2].is_ready]


def _named(world: AcpWorld) -> list[tuple[Agent, str, Opened]]:
    return [each for each in _open(world) if each[2].message_id and each[2].said.said]


def _may_swap(world: AcpWorld) -> list[tuple[Agent, str, Opened]]:
    """Where pieces may overtake each other, and two are left before the last."""
    return [each for each in _named(world) if not each[0].is_ordered and each[2].left >= _TO_SWAP]


def _may_tell(world: AcpWorld) -> list[tuple[Agent, str, Opened]]:
    """Where nothing waits in the client that it would overtake."""
    return [each for each in _ready(world) if each[0].pipe is not None and not each[0].client.unposted(each[1])]


def _piped(world: AcpWorld) -> list[Agent]:
    return [agent for agent in world.cast if agent.pipe is not None and world.streams]


def _links(world: AcpWorld) -> list[Link]:
    return world.network.links


def _slow(world: AcpWorld) -> list[Link]:
    return [link for link in world.network.links if link.name in world.trouble.slow]


def _if(condition: Callable[[AcpWorld], bool]) -> Callable[[AcpWorld], Sequence[None]]:
    return lambda world: (None,) if condition(world) else ()


# What is done -----------------------------------------------------------------------------------------------------


def _start(world: AcpWorld, agent: Agent, others: int, rules: int) -> None:
    names = [each.name for place, each in enumerate(world.cast) if each is not agent and others >> place & 1]
    metadata: dict[str, Any] = {"purpose": world.new_purpose(), "allowDynamicJoin": rules % 4 != 0}
    if rules % 3 == 1:
        metadata["maxParticipants"] = 2 + rules % 2
    agent.start(names[: metadata.get("maxParticipants", 9) - 1], metadata, world.now_at(agent))


def _join(world: AcpWorld, choice: tuple[Agent, str]) -> None:
    agent, stream_id = choice
    agent.join(stream_id, world.now_at(agent))


def _control(what: str) -> Callable[[AcpWorld, tuple[Agent, str]], None]:
    def do(world: AcpWorld, choice: tuple[Agent, str]) -> None:
        agent, stream_id = choice
        agent.control(what, stream_id, world.now_at(agent))

    return do


def _about(what: str) -> Callable[[AcpWorld, tuple[Agent, str], int], None]:
    def do(world: AcpWorld, choice: tuple[Agent, str], whom: int) -> None:
        agent, stream_id = choice
        agent.control(what, stream_id, world.now_at(agent), world.cast[whom % len(world.cast)].name)

    return do


def _say(world: AcpWorld, choice: tuple[Agent, str]) -> None:
    agent, stream_id = choice
    agent.say(stream_id, world.now_at(agent))


def _post(world: AcpWorld, choice: tuple[Agent, str], count: int) -> None:
    agent, stream_id = choice
    for _ in range(1 + count % 4):
        agent.post(stream_id, world.now_at(agent))


def _flush(world: AcpWorld, choice: tuple[Agent, str]) -> None:
    agent, stream_id = choice
    agent.flush(stream_id, world.now_at(agent))


def _begin(world: AcpWorld, choice: tuple[Agent, str], length: int, numbering: int, with_id: int) -> None:
    agent, stream_id = choice
    now = world.now_at(agent)
    opened = agent.mouth(stream_id).begin(
        stream_id, 1 + length % 4, now, numbering=numbering % 3, with_id=with_id % 2 == 1
    )
    agent.chunk(stream_id, opened, now)


def _go_on(world: AcpWorld, choice: tuple[Agent, str, Opened]) -> None:
    agent, stream_id, opened = choice
    agent.chunk(stream_id, opened, world.now_at(agent))


def _tell(world: AcpWorld, choice: tuple[Agent, str, Opened]) -> None:
    agent, stream_id, opened = choice
    agent.chunk(stream_id, opened, world.now_at(agent), is_told=True)


def _abandon(world: AcpWorld, choice: tuple[Agent, str, Opened]) -> None:
    agent, stream_id, opened = choice
    agent.mouths[stream_id].abandon(opened)


def _skip(world: AcpWorld, choice: tuple[Agent, str, Opened]) -> None:
    """Never say the next piece. What comes after it may still be said: the hub waits for it in vain."""
    opened = choice[2]
    if opened.said.said + 1 < len(opened.said.pieces):
        opened.said.said += 1
        opened.said.is_doubtful = True


def _swap(world: AcpWorld, choice: tuple[Agent, str, Opened]) -> None:
    agent, stream_id, opened = choice
    place = opened.said.said
    for at in (place + 1, place):
        opened.said.said = at
        agent.chunk(stream_id, opened, world.now_at(agent))
    opened.said.said = place + 2


def _again(world: AcpWorld, choice: tuple[Agent, str, Opened]) -> None:
    agent, stream_id, opened = choice
    agent.say_again(stream_id, opened, world.now_at(agent))


def _wait(world: AcpWorld, _: None, seconds: int) -> None:
    world.wait(_SECONDS[seconds % len(_SECONDS)])


# What goes wrong --------------------------------------------------------------------------------------------------


def _cut(world: AcpWorld, link: Link) -> None:
    link.cut()


def _stall(world: AcpWorld, link: Link, whose: int) -> None:
    link.stall(link.places[whose % 2])
    world.trouble.slow[link.name] = None


def _slow_down(world: AcpWorld, link: Link, whose: int, pace: int) -> None:
    link.slow(link.places[whose % 2], _PACES[pace % len(_PACES)])
    world.trouble.slow[link.name] = None


def _read_on(world: AcpWorld, link: Link) -> None:
    link.resume()
    del world.trouble.slow[link.name]


def _delay(world: AcpWorld, link: Link, latency: int) -> None:
    link.delay(_DELAYS[latency % len(_DELAYS)])


def _part(world: AcpWorld, agent: Agent, others: int) -> None:
    world.network.partition(
        [each.name for place, each in enumerate(world.cast) if each is agent or others >> place & 1]
    )
    world.trouble.is_parted = True


def _heal(world: AcpWorld, _: None) -> None:
    world.heal()


def _crash(world: AcpWorld, _: None) -> None:
    world.network.crash(HUB)


def _restart(world: AcpWorld, _: None) -> None:
    world.network.restart(HUB, keep_log=False)


def _jump(world: AcpWorld, place: str, seconds: int) -> None:
    world.doubt()
    world.network.jump_clock(place, _JUMPS[seconds % len(_JUMPS)])


def _double(world: AcpWorld, choice: tuple[Agent, bytes]) -> None:
    world.repeat(*choice)


def _attack(world: AcpWorld, agent: Agent, kind: int, where: int) -> None:
    hostile = HOSTILE[kind % len(HOSTILE)]
    if agent.pipe is None or (hostile.needs_name and agent.kind == "nameless"):
        return
    stream_id = world.streams[where % len(world.streams)]
    other = world.cast[(world.cast.index(agent) + 1) % len(world.cast)].name
    if other == agent.name:
        return
    frame = hostile.frame(stream_id, other, f"hostile {len(world.witness.hostile)}")
    world.witness.hostile[frame] = hostile.codes
    agent.doubt()
    agent.pipe.inject(frame)


def _deed(
    name: str, numbers: int, weight: int, choices: Callable[[AcpWorld], Sequence[Any]], do: Callable[..., None]
) -> Deed:
    return Deed(Action(name, numbers, weight), choices, do)


def _fault(
    kind: str,
    name: str,
    numbers: int,
    weight: int,
    choices: Callable[[AcpWorld], Sequence[Any]],
    do: Callable[..., None],
) -> Deed:
    return Deed(Action(name, numbers, weight, fault=kind), choices, do)


def _places_of_clocks(world: AcpWorld) -> list[str]:
    return [HUB, *[agent.name for agent in world.cast]]


DEEDS: Final[tuple[Deed, ...]] = (
    _deed("start", 3, 3, _connected, _start),
    _deed("join", 1, 8, _may_join, _join),
    _deed("invite", 2, 2, _may_act, _about("invite")),
    _deed("remove", 2, 1, _may_act, _about("remove")),
    _deed("leave", 1, 1, _may_act, _control("leave")),
    _deed("pause", 1, 2, _may_act, _control("pause")),
    _deed("resume", 1, 4, _may_act, _control("resume")),
    _deed("end", 1, 1, _may_act, _control("end")),
    _deed("get", 1, 1, _may_act, _control("get")),
    _deed("say", 1, 12, _may_speak, _say),
    _deed("post", 2, 4, _may_speak, _post),
    _deed("flush", 1, 1, _may_speak, _flush),
    _deed("begin", 4, 8, _may_speak, _begin),
    _deed("go on", 1, 20, _ready, _go_on),
    _deed("tell", 1, 6, _may_tell, _tell),
    _deed("abandon", 1, 1, _open, _abandon),
    _deed("skip", 1, 1, _named, _skip),
    _deed("wait", 2, 10, _if(lambda world: True), _wait),
    _deed("read on", 1, 6, _slow, _read_on),
    _deed("heal", 1, 6, _if(lambda world: world.trouble.is_parted), _heal),
    _deed("restart", 1, 20, _if(lambda world: not world.network.is_up(HUB)), _restart),
    _fault("cut", "cut", 1, 3, _links, _cut),
    _fault("slow", "stall", 2, 2, _links, _stall),
    _fault("slow", "slow", 3, 2, _links, _slow_down),
    _fault("delay", "delay", 2, 2, _links, _delay),
    _fault("partition", "part", 2, 1, lambda world: world.cast, _part),
    _fault("crash", "crash", 1, 1, _if(lambda world: world.network.is_up(HUB)), _crash),
    _fault("jump", "jump", 2, 1, _places_of_clocks, _jump),
    _fault("reorder", "swap", 1, 8, _may_swap, _swap),
    _fault("duplicate", "double", 1, 4, lambda world: world.trouble.posted, _double),
    _fault("duplicate", "again", 1, 3, _named, _again),
    _fault("hostile", "attack", 3, 3, _piped, _attack),
)
"""All of them. Posts overtake each other also where their connections are delayed."""
