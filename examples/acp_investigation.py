"""Two agents look into an anomaly: the frames of a whole session go through a hub without I/O, and who is given what?

The frames are in acp_investigation.jsonl, as they are on the wire. With `--undeclared` all of them come on one
connection that does not say who it is: then each frame speaks for the agent that it names.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from hocket.acp import Hub, MessageCompleted, StreamArchivable
from hocket.entropy import seeded

FRAMES = Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
ITS_ID = "stream-investigation-20240115-urgent-001"  # in the frames; the hub chooses one of its own
SCIENTIST, EXPERT = "agent-data-scientist", "agent-domain-expert"
STARTED = datetime.fromisoformat("2024-01-15T16:30:00Z").timestamp()


def in_short(message: dict[str, Any]) -> str:
    """A JSON-RPC message, without the content."""
    params = message.get("params") or {}
    names = ("event", "eventId", "firstEventId", "sequence", "isLast")
    known = [f"{name}={params[name]}" for name in names if name in params]
    what = message.get("method") or "the answer: " + message["result"]["type"]
    return " ".join([what, *known])


def main(is_declared: bool) -> None:
    hub = Hub(entropy=seeded(1), epoch=STARTED)
    for agent in (SCIENTIST, EXPERT) if is_declared else ("somebody",):
        hub.connect(agent, now=0.0, principal=agent if is_declared else None)
    stream_id = ITS_ID
    for frame in FRAMES:
        sent = json.loads(frame)
        content = sent["params"].get("message") or sent["params"].get("chunk") or {"agentId": SCIENTIST}
        sender = content["agentId"] if is_declared else "somebody"
        said_at = content.get("timestamp")
        now = datetime.fromisoformat(said_at).timestamp() - STARTED if said_at else 0.0
        print(f"{sender} says: {in_short(sent)}")
        hub.receive(sender, frame.replace(ITS_ID, stream_id).encode(), now)
        while (send := hub.next_send()) is not None:
            given = json.loads(send.message)
            stream_id = given.get("result", {}).get("stream", {}).get("streamId", stream_id)
            print(f"    {send.link} is given {in_short(given)}")
        while (event := hub.next_event()) is not None:
            if isinstance(event, MessageCompleted):
                kinds = [part.type.value for part in event.message.parts]
                print(f"  * the message of {event.agent_id} is complete: {len(event.chunks)} chunks, {kinds}")
            elif isinstance(event, StreamArchivable):
                print(f"  * to be archived: {len(event.history)} messages, {event.stream.status.value}")


if __name__ == "__main__":
    main(is_declared="--undeclared" not in sys.argv)
