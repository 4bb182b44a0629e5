"""A play with everyone in it, as a program: what it prints is all that our machines say, in the order in which they do.

Names and ids are strings wherever they can be, for the order of a set of strings is another one in each process.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # it is a program: the rooms that tests share are not on its path

from hocket.a2a import (
    V1_0,
    AgentCapabilities,
    AgentCard,
    AgentExtension,
    AgentSkill,
    ServerLimits,
    ServiceParameters,
    card_json,
)
from hocket.a2a.dialects.progress import ProgressDialect
from hocket.a2a.security import APIKeySecurityScheme, HTTPAuthSecurityScheme
from hocket.testing.network import Carrier, VirtualNetwork
from hocket.testing.simulation import Campaign
from hocket.testing.worlds import A2AWorld, AcpWorld
from hocket_io.stores.paging import PageTokens
from support.acp_hub import AGENTS, HubWorld
from support.gateway import listened, streamed
from support.recorders import Ledger, Recorder
from support.world import World

READERS = [f"reader-{name}" for name in AGENTS]
EXTENSIONS = tuple(AgentExtension(uri=f"https://example.com/{name}/v1") for name in AGENTS)
HOOK = {"url": "https://hooks.example.com/a", "token": "t"}


def tell(*words):
    print(*words, sep="\t")


def say_everything(world, links):
    for link in links:
        for delivery in world.deliveries(link):
            tell(link, delivery)
    tell("rang", *world.rang)
    tell("pushes", *world.pushes)
    tell("runs", *world.runs)
    world.rang.clear()
    world.pushes.clear()


def tasks():
    """Many links at many tasks, in both versions; notifications, lists, questions, cancels and deadlines."""
    capabilities = AgentCapabilities(streaming=True, push_notifications=True, extensions=EXTENSIONS)
    world = World.of(capabilities=capabilities, limits=ServerLimits(patience=50.0), epoch=1_720_017_000.0)
    world.store._tokens = PageTokens(key=bytes(16))  # a store has a secret of its own
    for reader in READERS:
        dialect = ProgressDialect() if reader > "reader-c" else V1_0
        world.server.watch(reader, dialect, ServiceParameters(version="1.0"), world.now)
    callers, ids = [], []
    for number in range(6):
        callers.append(f"caller-{number}")
        message = {"messageId": f"m{number}", "parts": [{"text": "hi"}]}
        if number % 2:
            message |= {"kind": "message", "role": "user", "parts": [{"kind": "text", "text": "hi"}]}
            world.ask(callers[-1], "message/stream", version="0.3", message=message)
        else:
            extensions = {"extensions": tuple(each.uri for each in EXTENSIONS)}
            world.ask(callers[-1], "SendStreamingMessage", message=message | {"role": "ROLE_USER"}, service=extensions)
        world.start()
        ids.append(world.runs[-1].task.id)
        for name in AGENTS:
            world.ask(f"{name}-{number}", "SubscribeToTask", ids[-1])
            world.ask(name, "CreateTaskPushNotificationConfig", taskId=ids[-1], id=name, **HOOK)
        callers += [f"{name}-{number}" for name in AGENTS]
        world.say("one")
        if number == 3:
            world.wonder()
        elif number != 2:
            world.say("two", last=True)
            world.finish()
        say_everything(world, [*callers, *READERS, *AGENTS])
    for name, task_id in zip(AGENTS, ids, strict=False):
        world.ask(name, "ListTasks", pageSize=2, includeArtifacts=True)
        world.ask(name, "ListTaskPushNotificationConfigs", taskId=task_id)
        world.ask(name, "CancelTask", task_id)
    for caller in callers[::3]:
        world.server.disconnect(caller, world.now)
    while (at := world.server.next_timeout()) is not None and at < 200.0:
        world.pass_time(at)
        tell("time", at)
        say_everything(world, [*callers, *READERS, *AGENTS])


def events():
    """The gateway's."""
    world = World.of()
    calls = [streamed(world, {"heartbeat": 5}, link="ada")]
    calls += [listened(world, f"taskId={world.runs[-1].task.id}", link=name) for name in AGENTS[1:]]
    world.say("one")
    world.finish()
    for call in calls:
        tell(call.pump().response, call.text)


def cards():
    schemes = {name: HTTPAuthSecurityScheme(scheme=name) for name in AGENTS}
    schemes["key"] = APIKeySecurityScheme(name="x-key", location="header")
    skills = tuple(AgentSkill(id=name, name=name, description=name, tags=AGENTS) for name in AGENTS)
    capabilities = AgentCapabilities(streaming=True, extensions=EXTENSIONS)
    card = AgentCard(
        name="a", url="http://a/", capabilities=capabilities, security_schemes=schemes, skills=skills, version="1"
    )
    tell(card_json(card))


def streams():
    """A hub of ACP: some agents in some streams, of whom one leaves, one is lost and one is silent."""
    world = HubWorld(*AGENTS)
    for starter in AGENTS[:3]:
        stream_id = world.start(starter, *(name for name in AGENTS if name != starter))
        for name in AGENTS:
            if name != starter:
                world.ok(name, "stream.join", streamId=stream_id)
        for name in AGENTS:
            world.say(name, stream_id, f"{name} is here")
            world.chunk(name, stream_id, "so ", 1)
        world.ok(AGENTS[-1], "stream.leave", streamId=stream_id)
    world.disconnect(AGENTS[1])
    world.wait_until(10_000.0)
    for event in world.events:
        tell(event)
    for name in AGENTS:
        tell(json.dumps(world.given(name)) if name != AGENTS[1] else "gone")


def network():
    """What is left to chance in a virtual network."""
    net = VirtualNetwork("seed", carrier=Carrier(latency=(0.1, 5.0), window=100))
    net.add("hub", Ledger())
    for name in AGENTS:
        net.add(name)
        for number in range(3):
            net.dial(name, Recorder([f"{name} says {number}".encode() * 20]), "hub")
    net.partition(AGENTS[:2])
    net.run(until=20.0)
    for link in net.links[::2]:
        link.cut()
    net.heal()
    net.run()
    tell(net.trace.text())


def simulated():
    """Two sessions of each world of the simulator."""
    for world in (A2AWorld, AcpWorld):
        campaign = Campaign(name=world.__name__, make=world, seed=4, steps=40)
        for number in range(2):
            played = campaign.play(number)
            tell(played.session, played.finding, played.world.counts)
            tell(played.world.trace.text())


if __name__ == "__main__":
    for part in (tasks, events, cards, streams, network, simulated):
        tell(f"# {part.__name__}")
        part()
