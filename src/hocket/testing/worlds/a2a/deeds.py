"""What each action does, and when it makes sense. The numbers choose among what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hocket.a2a import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    Operation,
    SendMessageRequest,
    SubscribeToTaskRequest,
)
from hocket.testing.worlds.a2a.book import QUESTIONS, Page
from hocket.testing.worlds.a2a.callers import Caller, HttpEnd, PipeEnd
from hocket.testing.worlds.a2a.choices import DELAYS, ENDS, JUMPS, LATENCIES, PACES, REVISIONS, SECONDS, STATES
from hocket.testing.worlds.a2a.reading import Reading
from hocket.testing.worlds.a2a.scene import Scene
from hocket.testing.worlds.a2a.site import Site
from hocket.testing.worlds.a2a.stage import Player
from hocket.testing.worlds.a2a.ways import WAYS, strange_bytes

__all__ = ["DEEDS", "NEEDS", "THERE"]

T = TypeVar("T")

_NONE, _HESITATION = 4, 0.1
_RECENT = 2
"""So many of what was asked last are repeated more often."""


def _one(of: Sequence[T], number: int) -> T:
    return of[number % len(of)]


def _lately(of: Sequence[T], number: int) -> T:
    """One of them; as likely as not one of the last, which may be under way still."""
    return of[-1 - number // 2 % (len(of) if number % 2 else min(len(of), _RECENT))]


def _caller(scene: Scene, number: int) -> Caller:
    return _one(list(scene.callers.values()), number)


# Clients ----------------------------------------------------------------------------------------------------------


def _send(scene: Scene, client: int, agent: int, way: int) -> None:
    site = _one(list(scene.sites.values()), agent)
    _say(scene, client, site, scene.message(), way)


def _say(scene: Scene, client: int, site: Site, params: SendMessageRequest, number: int) -> None:
    way = _one(WAYS, number)
    operation = Operation.STREAM if way.streams else Operation.SEND
    on_new, patience = number // len(WAYS) % 3 == 2, number // len(WAYS) // 3 % 5
    scene.ask(_caller(scene, client), site, operation, params, way, on_new=on_new)
    if patience == _NONE and params.message.task_id is not None:  # says it again while the first may be under way
        scene.network.run(scene.network.now + _HESITATION)
        scene.ask(_caller(scene, client), site, operation, params, way)


def _follow_up(scene: Scene, client: int, task: int, way: int) -> None:
    site, page = _one(scene.pages, task)
    _say(scene, client, site, scene.message(page.id), way)


def _asked(scene: Scene) -> list[tuple[Site, Page]]:
    return [(site, page) for site, page in scene.pages if page.state in QUESTIONS]


def _answer(scene: Scene, client: int, task: int, way: int) -> None:
    site, page = _one(_asked(scene), task)
    _say(scene, client, site, scene.message(page.id), way)


def _messages(scene: Scene) -> list[tuple[Site, SendMessageRequest]]:
    return [
        (scene.sites[reading.agent], reading.call.params)
        for reading in scene.readings
        if isinstance(reading.call.params, SendMessageRequest)
    ]


def _repeat(scene: Scene, client: int, which: int, way: int) -> None:
    site, params = _lately(_messages(scene), which)
    _say(scene, client, site, params, way)


def _subscribe(scene: Scene, client: int, task: int, way: int, seen: int) -> None:
    site, page = _one(scene.pages, task)
    how = _one(WAYS, way)
    known = None if seen % 3 == 0 else min(seen // 3 % 20, len(page.log))
    request = SubscribeToTaskRequest(id=page.id)
    scene.ask(_caller(scene, client), site, Operation.SUBSCRIBE, request, how, seen=known)


def _get(scene: Scene, client: int, task: int, way: int) -> None:
    site, page = _one(scene.pages, task)
    scene.ask(_caller(scene, client), site, Operation.GET, GetTaskRequest(id=page.id), _one(WAYS, way))


def _cancel(scene: Scene, client: int, task: int, way: int) -> None:
    site, page = _one(scene.pages, task)
    scene.ask(_caller(scene, client), site, Operation.CANCEL, CancelTaskRequest(id=page.id), _one(WAYS, way))


def _list(scene: Scene, client: int, agent: int, way: int) -> None:
    site = _one(list(scene.sites.values()), agent)
    known = [each for each in WAYS if Operation.LIST in each.dialect.methods]
    scene.ask(_caller(scene, client), site, Operation.LIST, ListTasksRequest(), _one(known, way))


def _droppable(scene: Scene) -> list[tuple[PipeEnd, Reading]]:
    return [
        (end, reading)
        for caller in scene.callers.values()
        for _, end in scene.pipes(caller)
        for reading in end.readings.values()
        if reading.is_waiting
    ]


def _drop(scene: Scene, which: int) -> None:
    end, reading = _one(_droppable(scene), which)
    end.drop(reading, scene.network.now_at(reading.caller))


def _hang_up(scene: Scene, which: int, how: int) -> None:
    scene.leave(_one(scene.links, which), both=how % 2 == 0)


# Agents -----------------------------------------------------------------------------------------------------------


def _speakers(scene: Scene) -> list[tuple[Site, Player]]:
    return [(site, each) for site, each in scene.players if not each.is_waiting and not each.speech.is_over]


def _speak(scene: Scene, who: int, words: int) -> None:
    site, player = _one(_speakers(scene), who)
    now = scene.network.now_at(site.name)
    site.stage.speak(player, 1 + words % 5, site.tested.core, now)
    site.pump(now)


def _become(scene: Scene, who: int, state: int) -> None:
    site, player = _one(_speakers(scene), who)
    now = scene.network.now_at(site.name)
    site.stage.become(player, _one(STATES, state), site.tested.core, now)
    site.pump(now)


def _revise(scene: Scene, who: int, how: int) -> None:
    site, player = _one(_speakers(scene), who)
    now = scene.network.now_at(site.name)
    site.stage.revise(player, _one(REVISIONS, how), site.tested.core, now)
    site.pump(now)


def _ask(scene: Scene, who: int, kind: int) -> None:
    site, player = _one(_speakers(scene), who)
    now = scene.network.now_at(site.name)
    site.stage.ask(player, site.tested.core, now, auth=kind % 3 == 2)
    site.pump(now)


def _end(scene: Scene, who: int, how: int) -> None:
    site, player = _one(scene.players, who)
    now = scene.network.now_at(site.name)
    site.stage.end(player, _one(ENDS, how), site.tested.core, now)
    site.pump(now)


# The clock, and what goes wrong -------------------------------------------------------------------------------------


def _wait(scene: Scene, seconds: int) -> None:
    scene.network.run(scene.network.now + _one(SECONDS, seconds))


def _cut(scene: Scene, which: int) -> None:
    _one(scene.links, which).cut()


def _end_early(scene: Scene, which: int) -> None:
    link = _one(scene.links, which)
    end = scene.ends[link.name]
    if isinstance(end, HttpEnd):
        end.end_early(scene.network.now_at(link.places[0]))


def _stall(scene: Scene, which: int) -> None:
    link = _one(scene.links, which)
    scene.disturb(link.places[0])
    link.stall(link.places[0])


def _slow(scene: Scene, which: int, pace: int) -> None:
    link = _one(scene.links, which)
    scene.disturb(link.places[0])
    link.slow(link.places[0], _one(PACES, pace))


def _resume(scene: Scene, which: int) -> None:
    _one(scene.links, which).resume()


def _delay(scene: Scene, which: int, latency: int) -> None:
    _one(scene.links, which).delay(_one(DELAYS, latency))


def _overtake(scene: Scene, which: int) -> None:
    link = _one(scene.links, which)
    for other in scene.links:
        other.delay((1.0, 3.0) if other is link else (0.0, 0.01))


def _store_slow(scene: Scene, agent: int, latency: int) -> None:
    _one(list(scene.sites.values()), agent).store.latency = _one(LATENCIES, latency)


def _partition(scene: Scene, client: int, agent: int) -> None:
    caller, site = _caller(scene, client), _one(list(scene.sites.values()), agent)
    scene.disturb(caller.name)
    scene.parted.append(caller.name)
    scene.network.partition([caller.name], [site.name])


def _heal(scene: Scene) -> None:
    scene.parted.clear()
    scene.network.heal()


def _crash(scene: Scene, agent: int, keeps: int) -> None:
    site = _one(scene.up, agent)
    scene.keeps[site.name] = keeps % 3 != 2
    scene.network.crash(site.name)


def _restart(scene: Scene, which: int) -> None:
    place = _one(list(scene.keeps), which)
    scene.network.restart(place, keep_log=scene.keeps.pop(place))


def _jump(scene: Scene, who: int, seconds: int) -> None:
    place = _one([*scene.sites, *scene.callers], who)
    scene.disturb(place)
    scene.network.jump_clock(place, _one(JUMPS, seconds))


def _duplicate(scene: Scene, which: int) -> None:
    asking = _lately(scene.askings, which)
    scene.again(asking.requests[-1], scene.sites[asking.agent])


def _hostile(scene: Scene, agent: int, what: int, how: int) -> None:
    is_http = how % 2 == 0
    scene.strange(strange_bytes(what, is_http=is_http), _one(list(scene.sites.values()), agent), is_http=is_http)


DEEDS: Mapping[str, Callable[..., None]] = {
    "send": _send,
    "follow_up": _follow_up,
    "answer": _answer,
    "repeat": _repeat,
    "subscribe": _subscribe,
    "get": _get,
    "cancel": _cancel,
    "list": _list,
    "drop": _drop,
    "hang_up": _hang_up,
    "speak": _speak,
    "become": _become,
    "revise": _revise,
    "ask": _ask,
    "end": _end,
    "wait": _wait,
    "cut": _cut,
    "end_early": _end_early,
    "stall": _stall,
    "slow": _slow,
    "resume": _resume,
    "delay": _delay,
    "store_slow": _store_slow,
    "overtake": _overtake,
    "partition": _partition,
    "heal": _heal,
    "crash": _crash,
    "restart": _restart,
    "jump": _jump,
    "duplicate": _duplicate,
    "hostile": _hostile,
}
"""What each action does to the scene; it takes the numbers of its step."""

THERE: Mapping[str, Callable[[Scene], object]] = {
    "askings": lambda scene: scene.askings,
    "callers' waits": _droppable,
    "down": lambda scene: scene.keeps,
    "links": lambda scene: scene.links,
    "many links": lambda scene: len(scene.links) > 1,
    "messages": _messages,
    "pages": lambda scene: scene.pages,
    "parted": lambda scene: scene.parted,
    "players": lambda scene: scene.players,
    "questions": _asked,
    "speakers": _speakers,
    "up": lambda scene: scene.up,
}
"""What there may be in a scene."""

NEEDS: Mapping[str, str] = {
    "follow_up": "pages",
    "answer": "questions",
    "repeat": "messages",
    "subscribe": "pages",
    "get": "pages",
    "cancel": "pages",
    "drop": "callers' waits",
    "hang_up": "links",
    "speak": "speakers",
    "become": "speakers",
    "revise": "speakers",
    "ask": "speakers",
    "end": "players",
    "cut": "links",
    "end_early": "links",
    "stall": "links",
    "slow": "links",
    "resume": "links",
    "delay": "links",
    "overtake": "many links",
    "heal": "parted",
    "crash": "up",
    "restart": "down",
    "duplicate": "askings",
}
"""What an action needs of this; what is not here makes sense at any time."""
