"""ACP: lanes, streams, the hub and its clients."""

from mutants.mutant import Mutant

_LANE = ("test_acp_lane.py", "spec/test_acp_lane_table.py", "properties/test_acp_lane.py")
_HUB = ("test_acp_hub.py", "spec/test_acp_hub_table.py", "properties/test_acp_hub.py")
_READING = ("test_acp_hub_reading.py", "test_acp_hub_losses.py", "properties/test_acp_hub.py")

MUTANTS = (
    Mutant(
        "a-lane-takes-a-chunk-twice",
        "acp/lane.py",
        "        elif number < message.next or number in message.ahead:\n",
        "        elif number < message.next - 1 or number in message.ahead:\n",
        _LANE,
        simulate="acp",
    ),
    Mutant(
        "a-conflict-is-not-noticed",
        "acp/lane.py",
        "if is_known and message.is_same(number, chunk, is_last=is_last):",
        "if is_known:",
        _LANE,
    ),
    Mutant(
        "what-waited-is-left-behind",
        "acp/lane.py",
        "        if is_last or message.ahead:\n            return self._drain(message, delivered)\n",
        "        if is_last:\n            return self._drain(message, delivered)\n",
        _LANE,
        simulate="acp",
    ),
    Mutant(
        "a-gap-is-waited-for-for-ever",
        "acp/lane.py",
        "        if not self._patience.has_gap:\n            self._patience.gap()\n",
        "",
        _LANE,
        simulate="acp",
    ),
    Mutant(
        "a-lost-message-is-not-told",
        "acp/lane.py",
        "        return (Failed(reason, message.next),)\n",
        "        return ()\n",
        _LANE,
        simulate="acp",
    ),
    Mutant(
        "a-message-may-be-any-size",
        "acp/lane.py",
        "if message.weight + size > self.limits.message:",
        "if size > self.limits.message:",
        _LANE,
    ),
    Mutant(
        "held-chunks-have-no-limit",
        "acp/lane.py",
        "        if ahead > limits.buffered:\n",
        "        if ahead < 0:\n",
        _LANE,
    ),
    Mutant(
        "the-budget-is-never-given-back",
        "acp/lane.py",
        "                self.budget.give(held.weight)\n",
        "                pass\n",
        _LANE,
    ),
    Mutant(
        "paused-streams-take-messages",
        "acp/states.py",
        """        Input.MESSAGE: {
            _ACTIVE: Row(_ACTIVE, Lifecycle.MESSAGE_SENT),
            _PAUSED: Row(_PAUSED, error=Code.STREAM_PAUSED),
""",
        """        Input.MESSAGE: {
            _ACTIVE: Row(_ACTIVE, Lifecycle.MESSAGE_SENT),
            _PAUSED: Row(_PAUSED, Lifecycle.MESSAGE_SENT),
""",
        _HUB,
        simulate="acp",
    ),
    Mutant(
        "a-pause-does-not-pause",
        "acp/states.py",
        "Input.PAUSE: {_ACTIVE: Row(_PAUSED, Lifecycle.STREAM_PAUSED)",
        "Input.PAUSE: {_ACTIVE: Row(_ACTIVE, Lifecycle.STREAM_PAUSED)",
        _HUB,
        simulate="acp",
    ),
    Mutant(
        "an-empty-stream-goes-on",
        "acp/states.py",
        "Input.EMPTY: {_ACTIVE: _ENDS, _PAUSED: _ENDS",
        "Input.EMPTY: {_ACTIVE: Row(_ACTIVE), _PAUSED: Row(_PAUSED)",
        (*_HUB, "test_acp_stream.py"),
    ),
    Mutant(
        "a-client-does-not-see-that-it-goes-on",
        "acp/states.py",
        "ClientInput.RESUMED: {_I: _I, _S: _S, _A: _A, _P: _A, _L: _A, _C: _C}",
        "ClientInput.RESUMED: {_I: _I, _S: _S, _A: _A, _P: _P, _L: _A, _C: _C}",
        ("spec/test_acp_client_table.py",),
    ),
    Mutant(
        "a-sender-hears-itself",
        "acp/roster.py",
        "event.event_id <= self.since or (actor == self.agent_id and not isinstance(event, MessageLost))",
        "event.event_id <= self.since",
        _READING,
        simulate="acp",
    ),
    Mutant(
        "who-joins-late-hears-half-a-message",
        "acp/roster.py",
        "return event.first_event_id == 0 or event.first_event_id > self.since",
        "return True",
        _READING,
        simulate="acp",
    ),
    Mutant(
        "who-came-before-hears-what-was-before",
        "acp/roster.py",
        "self._members[agent_id] = Member(agent_id, since, since)",
        "self._members[agent_id] = Member(agent_id, 0, since)",
        _READING,
        simulate="acp",
    ),
    Mutant(
        "the-history-has-no-end",
        "acp/history.py",
        "if len(self._begun) > self.limits.history:",
        "if not self._begun:",
        ("test_acp_history.py",),
    ),
    Mutant(
        "a-message-without-its-beginning-is-told",
        "acp/history.py",
        "                    continue  # its beginning is no longer kept\n",
        "                    chunks = open_messages.setdefault(event.first_event_id, [])\n",
        ("test_acp_history.py", "test_acp_stream.py"),
    ),
    Mutant(
        "pieces-are-joined-backwards",
        "acp/assembly.py",
        "[piece.content for piece in run])\n    return",
        "[piece.content for piece in reversed(run)])\n    return",
        ("test_acp_assembly.py",),
    ),
    Mutant(
        "a-hub-forgets-a-reader",
        "acp/hub/delivery.py",
        "            self.ring(self.links[name])\n\n    def forget",
        "            self.ring(self.links[name])\n            break\n\n    def forget",
        _READING,
        simulate="acp",
    ),
    Mutant(
        "a-link-is-told-too-seldom",
        "acp/hub/delivery.py",
        "        if not link.has_mail:\n            self._ready.pop(link.name, None)\n",
        "",
        ("test_acp_hub_losses.py",),
    ),
    Mutant(
        "an-invitation-waits-for-nobody",
        "acp/hub/delivery.py",
        "        if not self._hand_over(invited, message, stream):\n",
        "        if self._hand_over(invited, message, stream):\n",
        _HUB,
    ),
    Mutant(
        "a-batch-loses-its-order",
        "acp/batch.py",
        "sorted([*batch, *self._waiting], key=lambda posted: posted.number)",
        "[*self._waiting, *batch]",
        ("test_acp_batch.py",),
    ),
    Mutant(
        "anybody-may-pause", "acp/access.py", "        Input.PAUSE: Permission.MODERATE,\n", "", _HUB, simulate="acp"
    ),
)
