"""Who a connection speaks for: section 1 of the specification, "Principal"."""

import pytest

from hocket.acp.limits import HubLimits
from support.acp_hub import HubWorld, text


def signed(name):
    return text("hello", agentId=name)


def test_a_principal_speaks_for_itself_without_saying_so():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.given("bob")
    world.say("ada", stream_id, "hello")
    (message,) = world.given("bob")
    assert message["params"]["message"] == text("hello", agentId="ada"), "the hub says who it was"


def test_a_principal_may_say_who_it_is():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.ok("ada", "stream.message", streamId=stream_id, message=signed("ada"), agentId="ada")
    assert [said.agent for said in world.hub.stream(stream_id).log] == ["ada"]


@pytest.mark.parametrize(
    "call",
    [
        ("stream.message", {"message": signed("bob")}),
        ("stream.message", {"message": text("hello"), "agentId": "bob"}),
        ("stream.message", {"message": signed("ada"), "agentId": "bob"}),
        ("stream.chunk", {"chunk": signed("bob"), "sequence": 1}),
        ("stream.chunk", {"chunk": signed("ada"), "sequence": 1, "agentId": "bob"}),
        ("stream.end", {"agentId": "bob"}),
        ("stream.get", {"agentId": "bob"}),
        ("stream.join", {"agentId": "bob"}),
    ],
    ids=str,
)
def test_an_agent_id_that_contradicts_the_principal_is_refused(call):
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    method, params = call
    refusal = world.error("ada", method, streamId=stream_id, **params)
    assert (refusal["code"], refusal["data"]) == (-40006, {"reason": "not_yours", "principal": "ada"})
    assert world.hub.stream(stream_id).log == ()
    assert not world.hub.stream(stream_id).is_closed


def test_a_start_for_somebody_else_is_refused():
    world = HubWorld("ada")
    assert world.error("ada", "stream.start", participants=["ada"], agentId="bob")["code"] == -40006


def test_a_start_puts_the_principal_first_whoever_is_in_the_list():
    world = HubWorld("ada", "bob")
    result = world.ok("ada", "stream.start", participants=["bob", "ada"])
    assert result["stream"]["participants"] == ["ada", "bob"]


def test_the_agent_that_is_invited_is_not_the_one_that_invites():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada")
    world.ok("ada", "stream.invite", streamId=stream_id, agentId="bob")
    assert world.names("bob") == ["stream_invitation"]


def test_may_speak_for_lets_a_gateway_speak_for_its_agents_only():
    world = HubWorld("gate", "bob", may_speak_for=lambda principal, agent: agent.startswith(principal + "."))
    stream_id = world.ok("gate", "stream.start", participants=["bob"], agentId="gate.a")["stream"]["streamId"]
    assert world.hub.stream(stream_id).object().participants == ("gate.a", "bob")
    world.ok("gate", "stream.message", streamId=stream_id, message=signed("gate.a"))
    refusal = world.error("gate", "stream.message", streamId=stream_id, message=signed("bob"))
    assert refusal["data"]["reason"] == "not_yours"
    refusal = world.error("gate", "stream.message", streamId=stream_id, message=text("as itself"))
    assert refusal["data"]["reason"] == "not_a_participant"
    world.given("gate")
    world.say("bob", stream_id, "to the agent behind the gate")
    assert world.names("gate") == ["stream.message"], "who has spoken for an agent is given what it is told"


def test_whatever_may_speak_for_says_a_principal_is_itself():
    world = HubWorld("ada", may_speak_for=lambda principal, agent: False)
    stream_id = world.start("ada")
    world.ok("ada", "stream.message", streamId=stream_id, message=signed("ada"))


def test_what_is_said_closest_to_the_content_counts():
    world = HubWorld("gate", may_speak_for=lambda principal, agent: True)
    stream_id = world.ok("gate", "stream.start", participants=["a", "b"], agentId="a")["stream"]["streamId"]
    world.ok("gate", "stream.message", streamId=stream_id, message=signed("a"), agentId="b")
    world.ok("gate", "stream.chunk", streamId=stream_id, chunk=signed("b"), agentId="a", sequence=1, isLast=True)
    assert [said.agent for said in world.hub.stream(stream_id).log] == ["a", "b"]


# --- a connection that declared nobody


def undeclared(*agents):
    world = HubWorld(*agents)
    world.connect("line")
    return world


def test_without_a_declaration_every_frame_says_who_it_is_from():
    world = undeclared("bob")
    stream_id = world.ok("line", "stream.start", participants=["bob"], agentId="ada")["stream"]["streamId"]
    world.given("bob")
    world.ok("line", "stream.message", streamId=stream_id, message=signed("ada"))
    world.ok("line", "stream.message", streamId=stream_id, message=text("more"), agentId="ada")
    assert [each["params"]["message"]["agentId"] for each in world.given("bob")] == ["ada", "ada"]


def test_a_start_that_names_nobody_speaks_for_the_first_participant():
    world = undeclared("bob")
    result = world.ok("line", "stream.start", participants=["ada", "bob"])
    assert result["stream"]["participants"] == ["ada", "bob"]


def test_a_start_that_names_nobody_at_all_is_refused():
    refusal = undeclared().error("line", "stream.start", participants=[])
    assert (refusal["code"], refusal["data"]["reason"]) == (-40006, "nobody")


@pytest.mark.parametrize("method", ["stream.end", "stream.get", "stream.leave", "stream.pause"])
def test_on_a_lasting_connection_somebody_must_have_been_named(method):
    world = undeclared("ada", "bob")
    stream_id = world.start("ada", "bob")
    assert world.error("line", method, streamId=stream_id)["data"]["reason"] == "nobody"
    assert not world.hub.stream(stream_id).is_closed


def test_who_was_named_first_speaks_where_nobody_is_named():
    world = undeclared("bob")
    stream_id = world.ok("line", "stream.start", participants=["ada", "bob"])["stream"]["streamId"]
    world.say("line", stream_id, "still ada")
    assert [said.agent for said in world.hub.stream(stream_id).log] == ["ada"]


def test_who_was_refused_has_no_voice():
    world = undeclared("ada")
    stream_id = world.start("ada")
    world.error("line", "stream.message", streamId=stream_id, message=signed("eve"))
    world.say("ada", stream_id, "hello")
    assert world.given("line") == []


def test_it_is_given_what_its_agents_are_told_from_where_they_are():
    world = undeclared("ada")
    stream_id = world.start("ada", "bob")
    world.say("ada", stream_id, "before bob was heard of")
    assert world.given("line") == []
    world.ok("line", "stream.message", streamId=stream_id, message=signed("bob"))
    assert world.names("line") == ["STREAM_STARTED", "stream.message"]


def test_two_agents_on_one_line_each_hear_the_other():
    world = undeclared()
    stream_id = world.ok("line", "stream.start", participants=["ada", "bob"])["stream"]["streamId"]
    world.ok("line", "stream.message", streamId=stream_id, message=signed("bob"))
    world.given("line")
    world.ok("line", "stream.message", streamId=stream_id, message=signed("ada"))
    assert world.names("line") == ["stream.message"]


def test_more_agents_than_a_line_can_carry_may_speak_and_are_not_told():
    world = HubWorld(limits=HubLimits(streams=1_000))
    world.connect("line")
    for number in range(257):
        world.ok("line", "stream.start", participants=[f"agent {number}"])
    world.connect("caller", principal="caller")
    for number in (255, 256):
        world.start("caller", f"agent {number}")
    invited = [each["params"]["agentId"] for each in world.given("line") if "type" in each["params"]["data"]]
    assert invited == ["agent 255"]


def test_a_post_that_names_nobody_is_from_whoever_started_the_stream():
    world = undeclared()
    world.connect("first", ordered=False, listens=False)
    stream_id = world.ok("first", "stream.start", participants=["ada", "bob"])["stream"]["streamId"]
    world.connect("second", ordered=False, listens=False)
    world.ok("second", "stream.end", streamId=stream_id)
    assert world.hub.stream(stream_id).is_closed
    assert world.error("second", "stream.end", streamId="nobody knows")["code"] == -40003


def test_a_pipe_that_declares_itself_is_given_what_happens_at_once():
    world = undeclared("ada")
    world.tell("line", "$/agent", agentId="bob")
    stream_id = world.start("ada", "bob")
    assert world.names("line") == ["stream_invitation", "STREAM_STARTED"]
    assert world.error("line", "stream.message", streamId=stream_id, message=signed("eve"))["code"] == -40006


@pytest.mark.parametrize("params", [{"agentId": "eve"}, {"agentId": ""}, {"agentId": 7}, {"agentId": "x" * 257}, {}])
def test_a_declaration_that_is_none_changes_nothing(params):
    world = undeclared("ada")
    world.tell("line", "$/agent", agentId="bob")
    world.events
    world.tell("line", "$/agent", **params)
    (refused,) = world.events
    assert (refused.method, refused.answered) == ("$/agent", False)
    world.start("ada", "bob")
    assert world.names("line") == ["stream_invitation", "STREAM_STARTED"]
