"""GatewayRoutes: which agents a request is for, where there are several at one address.

The paths::

    GET  /agents                  who is here
         /agents/ID/…             one agent: a whole A2A agent, and the gateway's dialect at /agents/ID/a2a
         /tasks, /tasks/stream …  tasks of all agents as progress events: see `progress`
    GET  /health                  {"status": "ok"}

One of the agents may have all other paths as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from re import compile as regex
from urllib.parse import quote

from attrs import define, field, frozen

from hocket.a2a import Delivery
from hocket.a2a.dialects.gateway_errors import GatewayCode
from hocket.codec import dumps
from hocket.errors import ErrorObject
from hocket.http.answer import Answer
from hocket.http.gateway_call import refused
from hocket.http.messages import Request, Response, json_response, text_response
from hocket.http.methods import also_allowing
from hocket.http.progress import PROGRESS_TASKS, Desk, ProgressRoutes, is_about_progress
from hocket.http.routes import CARD_PATHS, Routes

__all__ = ["Asked", "GatewayRoutes", "Neighbour", "agent_id"]

_AGENTS = "/agents"
_UNSAFE = regex(r"[^\w.~-]+")


def agent_id(name: str) -> str:
    """The name of an agent as it stands in an address.

    >>> agent_id("Echo Agent")
    'echo-agent'
    """
    return _UNSAFE.sub("-", name.lower()).strip("-.") or "agent"


@frozen
class Neighbour:
    """One of the agents.

    Attributes:
        name: What it is called.
        routes: What it answers, below /agents/ID.
    """

    name: str
    routes: Routes


@frozen
class Asked:
    """Who is to be asked for an answer: each of these agents gets a `Desk`, then `GatewayRoutes.receive` gives it.

    Attributes:
        agents: Their ids.
        request: As they see it.
        routes: Who answers for the one agent; None where all of them are asked.
    """

    agents: tuple[str, ...]
    request: Request
    routes: Routes | None = None


@define(eq=False)
class GatewayRoutes:
    """The HTTP face of several agents.

    Args:
        agents: The agents by id; there is at least one.
        at_root: The id of an agent that has all paths which are not the gateway's own, and its routes there.
        progress: Answers what is asked of all agents.
    """

    agents: Mapping[str, Neighbour]
    at_root: tuple[str, Routes] | None = None
    progress: ProgressRoutes = field(factory=ProgressRoutes)

    def find(self, request: Request) -> Response | Asked:
        """Whom a request is for; or the response, where it is for nobody."""
        path = request.path
        if path == _AGENTS or path.startswith(f"{_AGENTS}/"):
            return self._neighbour(request)
        if is_about_progress(request):
            return Asked(tuple(self.agents), request)
        if self.at_root is not None:
            agent, routes = self.at_root
            return Asked((agent,), request, routes)
        if path == PROGRESS_TASKS:
            return text_response(405, f"{path} can only be POSTed to: this begins a task", (("allow", "POST"),))
        if path == "/health":
            return _read(request, json_response(b'{"status":"ok"}'))
        return text_response(404, f"there is nothing at {path}; this is a gateway, and its agents are at {_AGENTS}")

    def receive(self, asked: Asked, desks: Sequence[Desk], now: float) -> Response | Answer[Delivery]:
        """Answer a request: at once with a Response, or with an Answer made of what the agents give their links.

        Args:
            asked: What `find` gave.
            desks: One for each of its agents.
            now: The time in seconds.
        """
        if asked.routes is None:
            return self.progress.receive(desks, asked.request, now)
        (desk,) = desks
        answer = asked.routes.receive(desk.link, asked.request, desk.server, now)
        is_ours = self.at_root is not None and asked.routes is self.at_root[1] and asked.request.path == PROGRESS_TASKS
        return also_allowing(answer, "POST") if is_ours and isinstance(answer, Response) else answer

    def too_large(self, request: Request, limit: int) -> Response:
        """The answer to a request whose body is over the limit of the transport.

        Args:
            request: It comes without its body.
            limit: Bytes of a body.
        """
        found = self.find(request)
        if isinstance(found, Response):
            return found
        speaks_a2a = found.routes is not None and (found.request is request or found.request.path != "/a2a")
        if found.routes is not None and speaks_a2a:
            return found.routes.too_large(found.request, limit)
        reason = f"the body is larger than {limit} bytes; send less, or raise the limit body_limit on the server"
        data = {"limit": "body_limit", "max": limit}
        return refused(None, ErrorObject(int(GatewayCode.MESSAGE_TOO_LARGE), reason, data))

    def _neighbour(self, request: Request) -> Response | Asked:
        if request.path.rstrip("/") == _AGENTS:
            return _read(request, json_response(self._listed(request.base_url)))
        wanted = request.path.split("/")[2]
        if wanted in self.agents:
            return Asked((wanted,), request.below(f"{_AGENTS}/{wanted}"), self.agents[wanted].routes)
        reason = f"there is no agent at {request.path}; {_AGENTS} says who is here"
        return refused(None, ErrorObject(int(GatewayCode.AGENT_NOT_AVAILABLE), reason), status=404)

    def _listed(self, base_url: str) -> bytes:
        listed = []
        for each, agent in self.agents.items():
            url = f"{base_url.rstrip('/')}{_AGENTS}/{quote(each)}"
            listed.append({"id": each, "name": agent.name, "url": f"{url}/a2a", "card": f"{url}{CARD_PATHS[0]}"})
        return dumps({"agents": listed})


def _read(request: Request, response: Response) -> Response:
    if request.method not in ("GET", "HEAD"):
        return text_response(405, f"{request.path} can only be read", (("allow", "GET, HEAD"),))
    return response
