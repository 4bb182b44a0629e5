"""What an agent says."""

from mutants.mutant import Mutant

_SPEECH = ("test_agent_speech.py", "test_agent_question.py")
_ARTIFACTS = ("test_agent_artifacts.py",)

MUTANTS = (
    Mutant(
        "every-word-begins-the-text-anew",
        "agent/speech.py",
        "append, self._has_text = self._has_text, True",
        "append, self._has_text = False, True",
        _SPEECH,
        simulate="a2a",
    ),
    Mutant(
        "the-text-is-never-sealed",
        "agent/speech.py",
        '[self._text("", last_chunk=True)] if self._has_text and not self._is_sealed else []',
        "[]",
        _SPEECH,
    ),
    Mutant(
        "the-end-is-said-twice",
        "agent/speech.py",
        "            items.append(self._note(self._status(TaskState.COMPLETED)))\n",
        "            items += [self._note(self._status(TaskState.COMPLETED))] * 2\n",
        _SPEECH,
        simulate="a2a",
    ),
    Mutant(
        "who-has-failed-goes-on",
        "agent/speech.py",
        "        self.is_over = is_terminal(self._state)\n",
        "        self.is_over = self._state is TaskState.COMPLETED\n",
        _SPEECH,
    ),
    Mutant(
        "a-question-may-be-asked-twice",
        "agent/speech.py",
        "if question is not self._question or self._is_waiting:",
        "if question is not self._question:",
        _SPEECH,
    ),
    Mutant(
        "an-artifact-is-open-twice",
        "agent/artifacts.py",
        "        if block.artifact_id in self._growing:\n",
        "        if block.artifact_id in ():\n",
        _ARTIFACTS,
    ),
    Mutant(
        "what-was-never-yielded-is-not-missed",
        "agent/artifacts.py",
        "unsaid, self._unsaid = list(self._unsaid.values()), {}",
        "unsaid, self._unsaid = [], {}",
        _ARTIFACTS,
    ),
    Mutant(
        "a-question-may-be-empty",
        "agent/question.py",
        'if not any(part.text != "" for part in words.parts):',
        "if not words.parts:",
        ("test_agent_question.py",),
    ),
)
