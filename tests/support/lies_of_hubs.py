"""Lies of hubs: each breaks some rules of ACP, and together they break all."""

from support.altering import counted, drop, everywhere, has, is_error, put, recode, refuses
from support.lying_probe import GONE, Lie, Several


def acp(*names):
    return tuple(f"acp/{name}" for name in names)


def is_result(each):
    return "type" in each and ("stream" in each or "message" in each)


def tells(name):
    """Notifications of a kind."""
    return lambda each: name in (each.get("method"), (each.get("params") or {}).get("event"))


def told(name, change):
    """A lie about the params of notifications of a kind."""
    return everywhere(lambda each: change(each["params"]), tells(name))


def _no_data(*names):
    return lambda params: [params.get("data", {}).pop(name, None) for name in names]


def _echo(asked, answer):
    if isinstance(asked, dict) and asked.get("method") == "stream.message" and "result" in answer:
        return Several([answer, {"jsonrpc": "2.0", "method": "stream.message", "params": asked["params"]}])
    return answer


def _forgets(name):
    return lambda asked, answer: GONE if isinstance(answer, dict) and tells(name)(answer) else answer


def _answers_all(asked, answer):
    """Before the answer to the next request comes one to what was only told."""
    if isinstance(asked, dict) and asked.get("method") == "stream.get":
        return Several([{"jsonrpc": "2.0", "id": "note", "error": {"code": -40003, "message": "no"}}, answer])
    return answer


def _hub_lie(name, *fails, alter, target="hub"):
    return Lie(name=name, fails=acp(*fails), alter=alter, target=target)


STATES = ("resume", "message", "chunk", "end", "pause", "join", "invite", "leave", "remove", "get")

ACP_LIES = (
    _hub_lie(
        "every error of a hub has another code",
        *("parse-error", "invalid-request", "method-not-found", "invalid-params", "order-of-checks", "id-used"),
        *(f"{method}-unknown" for method in STATES),
        *(f"{method}-closed" for method in STATES if method != "get"),
        *("message-paused", "chunk-paused", "stranger-*", "member-*", "start-resumes", "closed-at", "paused-retry"),
        *("join-not-open", "join-expertise", "left", "removed", "full", "not-yours", "poll-wrong"),
        *("chunk-fixed", "chunk-gap", "chunk-first-gap", "chunk-conflict", "chunk-role", "chunk-number"),
        *("chunk-expected",),
        alter=everywhere(recode, is_error),
    ),
    _hub_lie(
        "every error over HTTP has another code",
        "chunk-after-last",
        alter=everywhere(recode, is_error),
        target="web hub",
    ),
    _hub_lie(
        "results of another type",
        *(f"{method}-active" for method in STATES),
        *(f"{method}-paused" for method in STATES if method not in ("message", "chunk")),
        *("get-closed", "start", "chunk-order"),
        alter=everywhere(put(type="another"), is_result),
    ),
    _hub_lie(
        "streams are in another state",
        *("pause-active", "end-active", "resume-paused", "start"),
        alter=everywhere(put(status="DREAMING"), has("participants")),
    ),
    _hub_lie(
        "errors without data",
        *("method-not-found", "get-unknown", "closed-at", "paused-retry", "full", "not-yours", "chunk-gap"),
        *("member-pause", "chunk-expected"),
        alter=everywhere(lambda each: each["error"].pop("data", None), is_error),
    ),
    _hub_lie(
        "errors without words",
        "invalid-params",
        alter=everywhere(lambda each: each["error"].update(message="no"), is_error),
    ),
    _hub_lie("no jsonrpc in the answers of a hub", "ids", alter=everywhere(drop("jsonrpc"))),
    _hub_lie("what is told is answered", "notification", alter=_answers_all),
    _hub_lie("half a batch", "batch", alter=lambda asked, answer: answer[:1] if isinstance(answer, list) else answer),
    _hub_lie("answers that are never the same", "same-again", alter=everywhere(counted(), has("participants"))),
    _hub_lie("null is something", "nulls", alter=refuses(lambda each: each.get("timestamp", "") is None)),
    _hub_lie("a hub lets nothing unknown in", "unknown-members", alter=refuses(has("hocketUnknown"))),
    _hub_lie("one stream for all", "start-new", alter=everywhere(put(streamId="one"), has("participants"))),
    _hub_lie(
        "participants backwards",
        *("start", "join-open"),
        alter=everywhere(lambda each: each["participants"].reverse(), has("participants")),
    ),
    _hub_lie(
        "nobody gets in",
        "join-invited",
        alter=refuses(lambda each: each.get("method") == "stream.join", -40006),
    ),
    _hub_lie("invitations to nowhere", "invitation", alter=told("stream_invitation", _no_data("currentParticipants"))),
    _hub_lie(
        "speakers without names",
        "given-whole",
        alter=told("stream.message", lambda params: params["message"].pop("agentId", None)),
    ),
    _hub_lie("echoes", "no-echo", alter=_echo),
    _hub_lie(
        "numbers that are numbers",
        "event-ids",
        alter=told("stream.message", lambda params: params.update(eventId=int(params["eventId"]))),
    ),
    _hub_lie(
        "everybody says the same",
        *("hub-order", "come-back", "poll", "poll-pages", "chunk-order", "chunk-zero", "chunk-continues"),
        *("chunk-begins-anew", "chunk-fixed", "chunk-twice", "chunk-stale", "chunk-lanes", "chunk-float"),
        *("chunk-senders", "chunk-late", "chunk-lost"),
        alter=everywhere(put(content="the same"), has("content")),
    ),
    _hub_lie(
        "everybody says the same over HTTP",
        "chunk-overtaking",
        alter=everywhere(put(content="the same"), has("content")),
        target="web hub",
    ),
    _hub_lie("joined by another", "told-members", alter=told("PARTICIPANT_JOINED", put(agentId="another"))),
    _hub_lie("removed by nobody", "told-removal", alter=told("PARTICIPANT_LEFT", _no_data("removedBy"))),
    _hub_lie("pauses without lanes", "told-pauses", alter=told("STREAM_PAUSED", _no_data("lanes"))),
    _hub_lie("ends without reasons", "told-end", alter=told("stream.end", drop("reason"))),
    _hub_lie("another one is lost", "lost", alter=told("PARTICIPANT_LOST", put(agentId="another"))),
    _hub_lie("chunks without firstEventId", "chunk-first-event", alter=told("stream.chunk", drop("firstEventId"))),
    _hub_lie(
        "losses without reasons",
        *("chunk-lost", "chunk-end"),
        alter=told("MESSAGE_LOST", _no_data("reason")),
    ),
    _hub_lie("what is said between chunks is gone", "chunk-message", alter=_forgets("stream.message")),
    Lie(
        name="another status of a hub",
        target="web hub",
        head=lambda status, headers: (418, headers),
        fails=acp("http-object", "http-refused", "feed-over"),
    ),
    Lie(
        name="a feed of other words",
        target="web hub",
        alter=everywhere(put(content="x"), has("content")),
        fails=acp("feed"),
    ),
    Lie(
        name="nothing is correlated",
        target="web hub",
        head=lambda status, headers: (status, {}),
        fails=acp("correlation"),
    ),
)
