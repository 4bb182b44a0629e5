"""The stage: the agents of one server, played step by step. What they say is in the book before the server has it."""

from __future__ import annotations

from attrs import define, field

from hocket.a2a import (
    Artifact,
    Interrupt,
    Message,
    Part,
    Release,
    Reply,
    Role,
    Run,
    StreamItem,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
)
from hocket.agent import Speech
from hocket.entropy import seeded
from hocket.errors import LocalProtocolError
from hocket.testing.violation import Violation
from hocket.testing.worlds.a2a.book import Book, Page
from hocket.testing.worlds.a2a.ports import Core

__all__ = ["Player", "Stage"]


@define(eq=False)
class Player:
    """An agent's function at work on one task.

    Attributes:
        page: The task.
        run: Number of the run.
        speech: What it has said, as events.
        has_begun: Whether it has said that it is at work.
        is_waiting: Whether it waits for an answer.
        is_stopping: Whether it was told to stop: what it says may be refused from then on.
        waits_since: When it asked what it waits for, on the clock of its server.
    """

    page: Page
    run: int
    speech: Speech
    has_begun: bool = False
    is_waiting: bool = False
    is_stopping: bool = False
    waits_since: float = 0.0
    _words: list[str] = field(factory=list, init=False)
    _drafts: dict[str, None] = field(factory=dict, init=False)
    _texts: dict[str, str] = field(factory=dict, init=False)

    @property
    def key(self) -> tuple[str, int]:
        """By what the server knows it."""
        return self.page.id, self.run

    def say(self, value: str | dict[str, int]) -> list[StreamItem]:
        """The events of a word or a piece of data."""
        if isinstance(value, str):
            self._words.append(value)
        return self.speech.say(value)

    def draft(self, name: str, *versions: str) -> list[StreamItem]:
        """The events of an artifact that comes in two chunks, and then whole: each version is a text of it."""
        first, second, whole = versions
        self._drafts[name] = None
        chunks = [
            TaskArtifactUpdateEvent(
                task_id=self.page.id,
                context_id=self.speech.context_id,
                artifact=Artifact(artifact_id=name, parts=(Part(text=text),)),
                append=text is second,
            )
            for text in (first, second)
        ]
        values = (*chunks, Artifact(artifact_id=name, parts=(Part(text=whole),)))
        return [item for value in values for item in self.speech.say(value)]

    def note(self, items: list[StreamItem]) -> None:
        """The agent says these.

        Raises:
            Violation: `said`: the text of its artifacts is not what it has said.
        """
        for item in items:
            if isinstance(item, TaskArtifactUpdateEvent) and item.artifact.artifact_id not in self._drafts:
                before = self._texts.get(item.artifact.artifact_id, "") if item.append else ""
                self._texts[item.artifact.artifact_id] = before + item.artifact.text
        words, text = "".join(self._words), "".join(self._texts.values())
        if words != text:
            raise Violation("said", f"an agent has said {words!r}, and its artifacts have {text!r}")


@define(eq=False)
class Stage:
    """Who plays, for one server.

    Args:
        book: Where it is written down what they said.
        sent: The messages that users have sent, by their ids: agents are given no others.
        patience: Seconds that an agent is to wait for an answer.
    """

    book: Book
    sent: dict[str, str]
    patience: float
    _players: dict[tuple[str, int], Player] = field(factory=dict, init=False)
    _words: int = field(default=0, init=False)

    @property
    def players(self) -> list[Player]:
        """Who is at work, in the order in which they began."""
        return list(self._players.values())

    # What the server wants ----------------------------------------------------------------------------------------

    def begin(self, run: Run) -> None:
        """A message for an agent.

        Raises:
            Violation: The message is none that was sent, or an agent had it before, or the task is another one.
        """
        page = self.book.page(run.task.id)
        self._hear(page, run.message)
        if run.task not in page.folds[run.run - 1 :]:
            raise Violation("fold", f"the agent was given the task {run.task}, and the log has {page.task}")
        entropy = seeded(len(page.id) + run.run)
        speech = Speech(page.id, run.task.context_id or "", run.run, entropy)
        self._players[page.id, run.run] = Player(page, run.run, speech)

    def reply(self, reply: Reply) -> None:
        """An answer for one that waits.

        Raises:
            Violation: Nobody waits, or it is none that was sent.
        """
        player = self._players.get((reply.task_id, reply.run))
        if player is None or not player.is_waiting:
            raise Violation("said", f"run {reply.run} of task {reply.task_id} waits for no answer, and was given one")
        self._hear(player.page, reply.message)
        player.is_waiting = False
        player.speech.answered()

    def stop(self, output: Interrupt | Release, now: float) -> None:
        """An agent is to stop.

        Raises:
            Violation: `said`: there is none. `in-time`: it waits for an answer, and has not waited long enough.
        """
        player = self._players.get((output.task_id, output.run))
        if player is None:
            raise Violation("said", f"run {output.run} of task {output.task_id} is not there, and is told to stop")
        if isinstance(output, Release) and player.is_waiting and now < player.waits_since + self.patience:
            waited = now - player.waits_since
            raise Violation("in-time", f"the agent of task {output.task_id} was let go after {waited:g} s")
        player.is_stopping = True

    def check(self, now: float) -> None:
        """Look for an agent that waits for an answer longer than it is to.

        Raises:
            Violation: `in-time`: there is one.
        """
        for player in self._players.values():
            if player.is_waiting and not player.is_stopping and now > player.waits_since + self.patience:
                waited = now - player.waits_since
                raise Violation("in-time", f"the agent of task {player.page.id} waits for {waited:g} s, and goes on")

    def clear(self) -> None:
        """They are gone, in the middle of a word."""
        self._players.clear()

    def _hear(self, page: Page, message: Message) -> None:
        if self.sent.get(message.message_id) != message.text:
            raise Violation("exactly-once", f"an agent was given a message that nobody has sent: {message}")
        if message.message_id in page.heard:
            raise Violation("exactly-once", f"message {message.message_id} was given to the agent of {page.id} twice")
        if all(message.message_id != each.message_id for each in page.task.history):
            raise Violation("order", f"message {message.message_id} was given to its agent and is not in the log yet")
        page.heard[message.message_id] = None

    # What they do -------------------------------------------------------------------------------------------------

    def speak(self, player: Player, words: int, core: Core, now: float) -> None:
        """Say some words, one event each; now and then it is a piece of data."""
        for _ in range(words):
            self._words += 1
            value = {"n": self._words} if self._words % 7 == 0 else f"word{self._words} "
            self._emit(player, player.say(value), core, now)

    def become(self, player: Player, state: TaskState, core: Core, now: float) -> None:
        """Say that the task is in this state, with a word about it."""
        self._words += 1
        words = Message(message_id=f"w{self._words}", role=Role.AGENT, parts=(Part(text=f"[{self._words}]"),))
        self._emit(player, player.speech.say(TaskStatus(state=state, message=words)), core, now)

    def revise(self, player: Player, how: str, core: Core, now: float) -> None:
        """Say an artifact in chunks, and then once more as a whole: "longer", "as it was", or in "other words"."""
        self._words += 1
        first, second = f"draft{self._words} ", "in two "
        whole = {"longer": f"{first}{second}and more ", "as it was": first + second, "other words": f"[{self._words}]"}
        self._emit(player, player.draft(f"draft-{self._words}", first, second, whole[how]), core, now)

    def ask(self, player: Player, core: Core, now: float, *, auth: bool) -> None:
        """Ask something, and wait for the answer."""
        self._words += 1
        question = player.speech.question(f"question {self._words}?", auth=auth)
        if not self._emit(player, player.speech.ask(question), core, now):
            player.speech.unanswered()
            return
        player.is_waiting, player.waits_since = True, now
        core.asked(*player.key, now)

    def end(self, player: Player, how: str, core: Core, now: float) -> None:
        """Return ("finish"), raise ("fail") or die without a word ("vanish")."""
        if player.is_waiting:
            player.speech.unanswered()
        if not player.speech.is_over and how != "vanish":
            items = player.speech.finish() if how == "finish" else player.speech.fail("id")
            self._emit(player, items, core, now)
        self._players.pop(player.key, None)
        core.ended(*player.key, now)

    def _emit(self, player: Player, items: list[StreamItem], core: Core, now: float) -> bool:
        """Tell the server; whether it was taken."""
        player.note(items)
        try:
            if not player.has_begun:
                player.has_begun = True
                core.started(*player.key, now)
            core.emit(*player.key, items, now)
        except LocalProtocolError as refusal:
            if player.is_stopping or player.page.is_over:
                return False
            raise Violation("said", f"the agent of task {player.page.id} may not speak: {refusal}") from refusal
        player.page.said += items
        return True
