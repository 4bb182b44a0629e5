"""Altering answers: what lies are made of. Each takes what was asked and what came, as JSON, and gives what is told."""


def objects(value):
    """Every object in a value, the outer ones first."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def everywhere(change, where=lambda each: True, asked_by=None):
    """A lie that changes every object of a kind in the answers, perhaps only those to some methods."""

    def alter(asked, answer):
        method = asked.get("method") if isinstance(asked, dict) else None
        if asked_by is None or method in asked_by:
            for each in list(objects(answer)):
                if where(each):
                    change(each)
        return answer

    return alter


def put(**members):
    return lambda each: each.update(members)


def drop(*names):
    def change(each):
        for name in names:
            each.pop(name, None)

    return change


def is_error(each):
    return isinstance(each.get("error"), dict) and "code" in each["error"]


def has(name):
    return lambda each: name in each


def recode(each):
    each["error"]["code"] = 418 if each["error"]["code"] > 0 else -32000


def refuses(member, code=-32603):
    """A lie that refuses whatever has a member."""

    def alter(asked, answer):
        return (
            {"jsonrpc": "2.0", "id": asked.get("id"), "error": {"code": code, "message": "no"}}
            if isinstance(asked, dict) and "id" in asked and any(member(each) for each in objects(asked))
            else answer
        )

    return alter


def when(where, then):
    """A lie about whole answers in which there is something."""

    def alter(asked, answer):
        return then(answer) if any(where(each) for each in objects(answer)) else answer

    return alter


def counted():
    count = iter(range(10**6))
    return lambda each: each.update(metadata={"count": next(count)})
