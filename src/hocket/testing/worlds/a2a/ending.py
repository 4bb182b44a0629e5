"""The end of a world: it heals, everybody says the last word, and goes. Then nobody waits, and nothing is left."""

from __future__ import annotations

from hocket.a2a import CancelTaskRequest, Operation, Role, TaskState
from hocket.testing.violation import Violation
from hocket.testing.worlds.a2a.book import QUESTIONS
from hocket.testing.worlds.a2a.reading import Reading
from hocket.testing.worlds.a2a.scene import Scene
from hocket.testing.worlds.a2a.ways import WAYS

__all__ = ["come_to_an_end"]

_LONGEST = 300.0
"""Virtual seconds in which everything must have come to its end, once nothing breaks any more."""

_PIECE = 2.0


def come_to_an_end(scene: Scene) -> None:
    """Play it to its end.

    Raises:
        Violation: It does not end, or not as it should.
    """
    _heal(scene)
    _rest(scene, 12.0)  # what was cut has been resumed by then
    _check_waits(scene)
    _let_agents_end(scene)
    _check_heard(scene)
    _cancel_questions(scene)
    _await_ends(scene)
    _check_said(scene)
    _let_all_leave(scene)
    _check_nothing_left(scene)


def _heal(scene: Scene) -> None:
    network = scene.network
    network.heal()
    scene.parted.clear()
    for place in list(scene.keeps):
        network.restart(place, keep_log=scene.keeps.pop(place))
    for site in scene.sites.values():
        site.store.latency = 0.0
    for link in network.links:
        link.resume()
        link.delay((0.0, 0.01))


def _rest(scene: Scene, seconds: float) -> None:
    scene.network.run(scene.network.now + seconds)


def _check_waits(scene: Scene) -> None:
    """Everything that was said has been carried by now: whoever waits, waits for an agent or for a user."""
    players = {player.page.id for _, player in scene.players}
    resuming = [asking.reading for asking in scene.askings if asking.machine.next_timeout() is not None]
    for reading in _waiting(scene):
        page = reading.page
        if page is None or page.id in players or reading in resuming:
            continue
        sends = reading.call.operation in (Operation.SEND, Operation.STREAM)
        if page.is_over or (sends and page.state is TaskState.INPUT_REQUIRED):
            raise Violation("every-call-ends", f"{reading.name} waits, and the task is {page.state.value}")


def _let_agents_end(scene: Scene) -> None:
    while players := scene.players:  # the end of one run may let a message in that starts the next
        for site, player in players:
            site.stage.end(player, "finish", site.tested.core, scene.network.now_at(site.name))
            site.pump(scene.network.now_at(site.name))
        _rest(scene, 1.0)


def _check_heard(scene: Scene) -> None:
    """Nobody is at work any more: the agents have had the last word of every user who was to answer."""
    for _, page in scene.pages:
        said = [each for each in page.task.history if each.role is Role.USER]
        if page.state in QUESTIONS and not page.is_orphan and said and said[-1].message_id not in page.heard:
            raise Violation("exactly-once", f"message {said[-1].message_id} never reached the agent of {page.id}")


def _cancel_questions(scene: Scene) -> None:
    caller = next(iter(scene.callers.values()))
    for _ in range(2):  # a message that was kept may have started one more run
        for site, page in scene.pages:
            if not page.is_over and not page.is_lost:
                scene.ask(caller, site, Operation.CANCEL, CancelTaskRequest(id=page.id), WAYS[1])
        _rest(scene, 1.0)
        _let_agents_end(scene)


def _await_ends(scene: Scene) -> None:
    until = scene.network.now + _LONGEST
    while _waiting(scene):
        if scene.network.now > until:
            names = "; ".join(reading.name for reading in _waiting(scene))
            raise Violation("every-call-ends", f"after {_LONGEST:g} quiet seconds there still wait: {names}")
        _rest(scene, _PIECE)


def _check_said(scene: Scene) -> None:
    for _, page in scene.pages:
        if page.is_lost:
            continue
        if page.unconfirmed:
            raise Violation("said", f"task {page.id}: {page.said[-page.unconfirmed]} never came into its log")
        if not page.is_over:
            raise Violation("every-call-ends", f"task {page.id} is {page.state.value} when all has ended")


def _let_all_leave(scene: Scene) -> None:
    for link in scene.network.links:
        link.hang_up(link.places[0])
    _rest(scene, 30.0)


def _check_nothing_left(scene: Scene) -> None:
    if scene.network.links:
        raise Violation("nothing-left", f"{scene.network.links[0].name} is not over, and everybody has left")
    for site in scene.sites.values():
        held, at = site.tested.holding(), site.next_timeout()
        if at is not None:
            raise Violation("nothing-left", f"{site.name} still waits for {at:g} s on its clock")
        if site.ends or (held is not None and (held.links or held.busy or held.watches)):
            raise Violation("nothing-left", f"everybody has left, and {site.name} holds {held}")


def _waiting(scene: Scene) -> list[Reading]:
    return [reading for reading in scene.readings if reading.is_waiting]
