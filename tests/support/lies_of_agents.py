"""Lies of agents: each breaks some rules of A2A, and together they break all."""

from support.altering import counted, drop, everywhere, has, is_error, objects, put, recode, refuses, when
from support.lying_probe import GONE, Lie, Several


def is_task(each):
    return "status" in each and "id" in each and "taskId" not in each


def is_update(each):
    return "taskId" in each and ("status" in each or "artifact" in each)


def is_last(each):
    """A status update with a final state."""
    return "taskId" in each and "status" in each and _is_final(each)


def _is_final(each):
    return str(each["status"].get("state")).lower().removeprefix("task_state_") in ("completed", "failed", "canceled")


def _forgive(asked, answer):
    if is_error(answer) and isinstance(asked, dict):
        task = {"id": "t", "contextId": "c", "kind": "task", "status": {"state": "TASK_STATE_COMPLETED"}}
        return {"jsonrpc": "2.0", "id": answer.get("id"), "result": {"task": task, **task}}
    return answer


def _set_state(new, old):
    def change(each):
        each["status"]["state"] = new if each["status"]["state"].startswith("TASK") else old

    return change


SENDS = ("SendMessage", "message/send")
STREAMS = ("SendStreamingMessage", "message/stream")
GETS = ("GetTask", "tasks/get")
CANCELS = ("CancelTask", "tasks/cancel")
SUBSCRIBES = ("SubscribeToTask",)
LIST = ("ListTasks",)


def _answers_notifications(asked, answer):
    if isinstance(asked, dict) and "method" in asked and "id" not in asked:
        return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no"}} if answer is None else answer
    return answer


def _follow_up(change):
    def alter(asked, answer):
        message = (asked.get("params") or {}).get("message") if isinstance(asked, dict) else None
        if isinstance(message, dict) and "taskId" in message:
            for each in filter(is_task, list(objects(answer))):
                change(each)
        return answer

    return alter


def _first_gone(methods):
    seen = []

    def alter(asked, answer):
        key = asked.get("id") if isinstance(asked, dict) else None
        if isinstance(asked, dict) and asked.get("method") in methods and key not in seen and not is_error(answer):
            seen.append(key)
            return GONE
        return answer

    return alter


def _in_streams(alter):
    return lambda asked, answer: (
        alter(asked, answer) if isinstance(asked, dict) and asked.get("method") in STREAMS else answer
    )


def _at_the_second_time(methods):
    """A lie about the second answer that is like the one before: the task is at work again."""
    seen = {}

    def alter(asked, answer):
        for each in filter(is_task, list(objects(answer))):
            if asked.get("method") in methods and seen.setdefault(each["id"], asked["id"]) != asked["id"]:
                _set_state("TASK_STATE_WORKING", "working")(each)
        return answer

    return alter


def _turns_into_messages(asked, answer):
    if isinstance(answer, dict) and "result" in answer:
        new = {"message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": "x"}]}}
        old = {"kind": "message", "messageId": "m", "role": "agent", "parts": [{"kind": "text", "text": "x"}]}
        return {**answer, "result": old if "kind" in answer["result"] else new}
    return answer


def _headers(**fields):
    return lambda status, headers: (
        status,
        {**headers, **{name.replace("_", "-"): text for name, text in fields.items()}},
    )


def _without(*names):
    return lambda status, headers: (status, {name: text for name, text in headers.items() if name not in names})


def _card(**members):
    return lambda card: {**card, **members}


def _extra_page(each):
    each["nextPageToken"] = each["nextPageToken"] or "again"


def _longer_history(each):
    message = {"messageId": "m", "role": "ROLE_USER", "kind": "message", "parts": [{"text": "x"}]}
    each["history"] = [message, *(each.get("history") or []), message]


INTERFACE = {"url": "http://agent.test/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
BOTH = ("1.0", "0.3")


def both(*names):
    return tuple(f"{version}/{name}" for version in BOTH for name in names)


def new(*names):
    return tuple(f"1.0/{name}" for name in names)


def old(*names):
    return tuple(f"0.3/{name}" for name in names)


CODES = Lie(
    name="every error has another code",
    alter=everywhere(recode, is_error),
    fails=(
        *both("parse-error", "invalid-request", "method-not-found", "invalid-params", "invalid-id", "params-object"),
        *both("batch", "goes-on", "message-unknown-task", "stream-unknown-task", "get-unknown", "cancel-ended"),
        *both("cancel-unknown", "subscribe-unknown", "push-undeclared", "extended-undeclared"),
        *new("no-parts", "version-unknown", "version-patch", "version-absent", "version-in-query", "history-negative"),
        *both("no-message-id"),
        *new("message-to-ended", "subscribe-ended", "list-sizes", "list-token", "list-wrong-status"),
    ),
)

A2A_LIES = (
    CODES,
    Lie(name="no card", head=lambda status, headers: (404, headers), fails=both("card-place")),
    Lie(
        name="everything is a web page",
        head=_headers(content_type="text/html"),
        fails=(*both("card-type", "content-type", "stream-type"), *new("rest-type", "rest-stream")),
    ),
    Lie(name="nothing may be kept", head=_without("etag", "cache-control"), fails=new("card-caching")),
    Lie(name="a card without a description", card=_card(description=None), fails=both("card-members")),
    Lie(
        name="an interface of version one",
        card=_card(supportedInterfaces=[{**INTERFACE, "protocolVersion": "one"}]),
        fails=new("card-interfaces"),
    ),
    Lie(
        name="a patch number",
        card=_card(supportedInterfaces=[{**INTERFACE, "protocolVersion": "1.0.1"}]),
        fails=new("card-patch"),
    ),
    Lie(
        name="pigeons",
        card=_card(preferredTransport="PIGEON", supportedInterfaces=[{**INTERFACE, "protocolBinding": "PIGEON"}]),
        fails=both("card-binding"),
    ),
    Lie(name="a transport of number 7", card=_card(preferredTransport=7), fails=old("card-transports")),
    Lie(
        name="two transports at one URL",
        card=lambda card: {**card, "additionalInterfaces": [{"url": card["url"], "transport": "GRPC"}]},
        fails=old("card-main-url"),
    ),
    Lie(name="a skill of nothing", card=_card(skills=[{}]), fails=both("card-skills")),
    Lie(name="a mode of text", card=_card(defaultInputModes=["text"]), fails=both("card-modes")),
    Lie(name="streaming? yes", card=_card(capabilities={"streaming": "yes"}), fails=both("card-capabilities")),
    Lie(
        name="a scheme that nobody declared",
        card=_card(securityRequirements=[{"schemes": {"x": {"list": []}}}], security=[{"x": []}], securitySchemes={}),
        fails=both("card-security"),
    ),
    Lie(
        name="another id",
        alter=lambda asked, answer: {**answer, "id": "another"} if isinstance(answer, dict) else answer,
        fails=both("id-text", "id-number", "stream-ids"),
    ),
    Lie(name="no jsonrpc", alter=everywhere(drop("jsonrpc")), fails=both("envelope")),
    Lie(
        name="errors without words",
        alter=everywhere(lambda each: each["error"].pop("message"), is_error),
        fails=both("error-object"),
    ),
    Lie(
        name="data that is no list",
        alter=everywhere(lambda each: each["error"].update(data={"a": 1}), is_error),
        fails=new("error-details", "error-info"),
    ),
    Lie(name="notifications are answered", alter=_answers_notifications, fails=both("notification")),
    Lie(name="nothing unknown is let in", alter=refuses(has("hocketUnknown")), fails=new("unknown-members")),
    Lie(
        name="a required extension that nobody requires",
        target="extensions",
        alter=everywhere(recode, is_error),
        fails=new("extension-required"),
    ),
    Lie(
        name="extensions are used in silence",
        target="extensions",
        head=_without("a2a-extensions", "x-a2a-extensions"),
        fails=both("extension-named"),
    ),
    Lie(
        name="unknown extensions are refused",
        alter=refuses(lambda each: "of-nobody" in str(each.get("A2A-Extensions"))),
        fails=new("extension-unknown"),
    ),
    Lie(
        name="a message is answered with nothing",
        alter=lambda asked, answer: {**answer, "result": {}} if asked.get("method") in SENDS else answer,
        fails=both("send"),
    ),
    Lie(
        name="no contexts",
        alter=everywhere(drop("contextId"), is_task),
        fails=(*old("send-shape", "context-new", "get"), *new("stream-one-task")),
    ),
    Lie(
        name="a context that is not said",
        alter=everywhere(drop("contextId"), is_task, SENDS),
        fails=both("context-new"),
    ),
    Lie(
        name="roles of nobody",
        alter=everywhere(put(role="boss"), has("role")),
        fails=both("send-shape", "get"),
    ),
    Lie(name="snakes", alter=everywhere(put(context_id="c"), is_task), fails=new("send-names")),
    Lie(
        name="nobody waits",
        alter=everywhere(_set_state("TASK_STATE_WORKING", "working"), is_task, SENDS),
        fails=(*both("send-waits"), *new("send-waits-unasked")),
    ),
    Lie(
        name="another task than the one that was asked for",
        alter=everywhere(put(id="another"), is_task, GETS),
        fails=both("send-at-once", "get"),
    ),
    Lie(
        name="a task is never over",
        alter=everywhere(_set_state("TASK_STATE_WORKING", "working"), is_task, GETS),
        fails=(*both("send-final", "message-to-ended", "stream-get"), *new("subscribe-same")),
    ),
    Lie(
        name="one task for all",
        alter=everywhere(put(id="one"), is_task, SENDS),
        fails=both("task-ids", "calls-at-once"),
    ),
    Lie(name="one context for all", alter=everywhere(put(contextId="one"), is_task, SENDS), fails=new("context-kept")),
    Lie(
        name="nothing is refused",
        alter=_forgive,
        fails=(*new("context-mismatch"), *both("message-to-ended", "message-unknown-task", "get-unknown")),
    ),
    Lie(
        name="a follow-up is another task",
        target="asks",
        alter=_follow_up(put(id="another")),
        fails=both("follow-up"),
    ),
    Lie(
        name="a follow-up is in another context",
        target="asks",
        alter=_follow_up(put(contextId="another")),
        fails=new("follow-up-context"),
    ),
    Lie(
        name="a question without words",
        target="asks",
        alter=everywhere(lambda each: each["status"].pop("message", None), is_task),
        fails=both("question-said"),
    ),
    Lie(
        name="media types break the agent",
        alter=refuses(lambda each: "hocket-nobody" in f"{each.get('mediaType')}{each.get('mimeType')}"),
        fails=both("media-type"),
    ),
    Lie(name="the first event is gone", alter=_first_gone(STREAMS), fails=both("stream-first")),
    Lie(
        name="updates without a task",
        alter=everywhere(drop("taskId"), is_update),
        fails=both("stream-shape", "stream-one-task"),
    ),
    Lie(name="streams stay open", end="silent", fails=(*both("stream-ends"), *new("rest-stream"))),
    Lie(
        name="the last event is gone",
        alter=_in_streams(when(is_last, lambda answer: GONE)),
        fails=(*both("stream-settled"), *new("stream-others")),
    ),
    Lie(
        name="the last event comes twice",
        alter=_in_streams(when(is_last, lambda answer: Several([answer, answer]))),
        fails=both("stream-nothing-after"),
    ),
    Lie(name="messages upon messages", alter=_in_streams(_turns_into_messages), fails=both("stream-message")),
    Lie(
        name="every status is the last",
        alter=everywhere(put(final=True), is_update),
        fails=(*old("stream-final"), *new("stream-no-final")),
    ),
    Lie(
        name="artifacts begin in the middle",
        alter=everywhere(put(append=True), has("artifact")),
        fails=both("stream-append"),
    ),
    Lie(
        name="other words in the stream",
        alter=everywhere(put(text="another"), has("text"), STREAMS),
        fails=both("stream-get"),
    ),
    Lie(
        name="streams end in questions",
        alter=everywhere(_set_state("TASK_STATE_INPUT_REQUIRED", "input-required"), is_last, STREAMS),
        fails=both("stream-send"),
    ),
    Lie(
        name="refusals are streams",
        head=_headers(content_type="text/event-stream"),
        fails=new("stream-refused"),
    ),
    Lie(
        name="who is looked at is cancelled",
        alter=everywhere(_set_state("TASK_STATE_CANCELED", "canceled"), is_task, GETS),
        fails=both("stream-leave"),
    ),
    Lie(name="tasks change for ever", alter=everywhere(counted(), is_task, GETS), fails=both("get-again")),
    Lie(
        name="history grows",
        alter=everywhere(_longer_history, is_task),
        fails=(*new("history-none", "list-history"), *both("history-some")),
    ),
    Lie(
        name="a cancel does nothing",
        alter=everywhere(_set_state("TASK_STATE_WORKING", "working"), is_task, CANCELS),
        fails=both("cancel", "cancel-get"),
    ),
    Lie(name="a second cancel undoes the first", alter=_at_the_second_time(CANCELS), fails=both("cancel-again")),
    Lie(name="a subscription without its Task", alter=_first_gone(SUBSCRIBES), fails=new("subscribe-first")),
    Lie(name="pages of unknown size", alter=everywhere(drop("pageSize"), has("tasks")), fails=new("list-members")),
    Lie(
        name="empty lists",
        alter=everywhere(put(tasks=[]), has("tasks")),
        fails=new("list-new", "list-context", "list-status", "list-artifacts", "list-pages", "list-since", "rest-list"),
    ),
    Lie(
        name="lists of others",
        alter=everywhere(put(contextId="another"), is_task, LIST),
        fails=new("list-context"),
    ),
    Lie(
        name="artifacts that nobody asked for",
        alter=everywhere(put(artifacts=[]), is_task, LIST),
        fails=new("list-no-artifacts"),
    ),
    Lie(name="pages without end", alter=everywhere(_extra_page, has("nextPageToken")), fails=new("list-pages")),
    Lie(
        name="the oldest first",
        alter=everywhere(lambda each: each["tasks"].reverse(), has("tasks")),
        fails=new("list-order"),
    ),
    Lie(
        name="streams that were not declared",
        card=lambda card: {**card, "capabilities": {}},
        fails=both("streaming-undeclared"),
    ),
    Lie(
        name="hooks that go elsewhere",
        target="push",
        alter=everywhere(put(url="https://example.com/elsewhere"), has("url")),
        fails=both("push-kept"),
    ),
    Lie(
        name="configurations that stay",
        target="push",
        alter=_forgive,
        fails=both("push-deleted", "push-unknown-task"),
    ),
    Lie(
        name="an extended card of nothing",
        target="extended",
        alter=lambda asked, answer: {**answer, "result": {}},
        fails=both("extended-card"),
    ),
    Lie(name="empty answers", alter=lambda asked, answer: {}, fails=new("rest-send")),
    Lie(
        name="two bindings, two truths",
        alter=everywhere(put(contextId="another"), is_task, ("GET",)),
        fails=new("rest-get"),
    ),
    Lie(
        name="another status",
        head=lambda status, headers: (418, headers),
        fails=new("rest-unknown", "rest-cancel-ended", "rest-no-json", "rest-params", "rest-version", "rest-subscribe"),
    ),
    Lie(
        name="no reasons",
        alter=everywhere(drop("reason", "details"), lambda each: True),
        fails=new("rest-reason"),
    ),
    Lie(
        name="no names of statuses",
        alter=everywhere(drop("status"), has("details")),
        fails=new("rest-status"),
    ),
)
