"""Push configurations against a model: set, replaced, deleted and given up in any order, and read at any pace."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hocket.a2a import Ended, Item, ServerLimits, StartPush
from support.items import one_by_one
from support.push_configs import URL, call, create, listed, pushing
from support.world import short


class Configs(RuleBasedStateMachine):
    """One task, its configurations, and a sender that takes when it likes."""

    def __init__(self):
        super().__init__()
        self.world = pushing(limits=ServerLimits(push_configs=3))
        self.task_id = self.world.begin()
        self.model = {}  # id → [url, what it must have been told, what it was told]
        self.gone = []
        self.is_over = False
        self.count = 0

    names = st.sampled_from("abcd")
    urls = st.sampled_from([URL, "https://hooks.example.com/b"])

    def link(self, name):
        return next(
            each.link
            for each in reversed(self.world.pushes)
            if isinstance(each, StartPush) and each.link.config_id == name
        )

    @precondition(lambda self: not self.is_over)
    @rule(name=names, url=urls)
    def set(self, name, url):
        answer = create(self.world, self.task_id, id=name, url=url)
        if name not in self.model and len(self.model) == 3:
            assert answer.code == -32050
            return
        assert answer["url"] == url
        if name not in self.model or self.model[name][0] != url:
            self.model[name] = [url, [], []]

    @rule(name=names)
    def delete(self, name):
        call(self.world, "DeleteTaskPushNotificationConfig", taskId=self.task_id, id=name)
        self.model.pop(name, None)

    @precondition(lambda self: not self.is_over)
    @rule()
    def say(self):
        self.count += 1
        self.world.say(f"{self.count} ")
        for each in self.model.values():
            each[1].append(f"{self.count} ")

    @rule(name=names)
    def take(self, name):
        if name in self.model:
            given = one_by_one(self.world.server.take(self.link(name), 2))
            self.model[name][2] += [short(each) for each in given if isinstance(each, Item | Ended)]

    @precondition(lambda self: not self.is_over)
    @rule(name=names)
    def give_up(self, name):
        if name in self.model:
            self.world.server.disconnect(self.link(name), 0.0)
            del self.model[name]

    @precondition(lambda self: not self.is_over and self.count > 2)
    @rule()
    def finish(self):
        self.world.finish()
        self.is_over = True
        for each in self.model.values():
            each[1] += ["completed", "ended completed"]

    @invariant()
    def everybody_is_told_in_order(self):
        for _, due, told in self.model.values():
            assert told == due[: len(told)]

    @invariant()
    def the_list_is_right(self):
        answer = listed(self.world, self.task_id)
        assert {each["id"]: each["url"] for each in answer["configs"]} == {
            name: url for name, (url, *_) in self.model.items()
        }

    def teardown(self):
        for name, (_, due, told) in self.model.items():
            rest = self.world.deliveries(self.link(name))
            assert told + [short(each) for each in rest if isinstance(each, Item | Ended)] == due


TestConfigs = Configs.TestCase
TestConfigs.settings = settings(max_examples=settings().max_examples // 2, stateful_step_count=20, deadline=None)
