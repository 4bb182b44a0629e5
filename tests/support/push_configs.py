"""Push configurations: setting them, asking for them, and what their sender is given."""

import json

from hocket.a2a import AgentCapabilities, Ended, Item, Refused
from support.world import World, short

URL = "https://hooks.example.com/a"
PUSHES = AgentCapabilities(streaming=True, push_notifications=True)


def pushing(**options):
    return World.of(capabilities=PUSHES, **options)


def call(world, method, link="web", **params):
    """The result of a call, or its error."""
    world.ask(link, method, **params)
    given = world.deliveries(link)[-1]
    return given.error if isinstance(given, Refused) else json.loads(given.result)


def create(world, task_id, **params):
    return call(world, "CreateTaskPushNotificationConfig", **{"taskId": task_id, "url": URL, **params})


def listed(world, task_id, **params):
    return call(world, "ListTaskPushNotificationConfigs", taskId=task_id, **params)


def got(world, start):
    """What the sender was given for a configuration, in short."""
    return [short(each) for each in world.deliveries(start.link) if isinstance(each, Item | Ended)]


def sent_with(config, **more):
    return {"configuration": {"taskPushNotificationConfig": config, **more}}
