"""Entropy: the seeded kind repeats itself for the same seed and not otherwise."""

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from hocket.entropy import Entropy, seeded
from hocket_io.entropy import system_entropy


@given(st.integers(), st.lists(st.booleans(), max_size=30))
def test_the_same_seed_gives_the_same_ids_and_numbers(seed, kinds):
    one, other = seeded(seed), seeded(seed)
    for wants_id in kinds:
        if wants_id:
            assert one.new_id() == other.new_id()
        else:
            assert one.random() == other.random()


@given(st.integers(0, 2**64 - 2))
def test_neighbouring_seeds_have_nothing_in_common(seed):
    one, other = seeded(seed), seeded(seed + 1)
    assert not {one.new_id() for _ in range(20)} & {other.new_id() for _ in range(20)}


def test_ids_do_not_repeat_and_have_one_shape():
    entropy = seeded(7)
    ids = [entropy.new_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in ids)


def test_random_numbers_fill_the_unit_interval_evenly():
    entropy = seeded(7)
    numbers = [entropy.random() for _ in range(4000)]
    assert all(0 <= number < 1 for number in numbers)
    tenths = [sum(int(number * 10) == tenth for number in numbers) for tenth in range(10)]
    assert min(tenths) > 300
    assert max(tenths) < 500


def test_the_first_numbers_are_those_of_splitmix64():
    """The reference values for seed 0 of the published generator."""
    assert seeded(0).new_id() == "e220a8397b1dcdaf" + "6e789e6aa1b965f4"


def test_any_two_functions_make_an_entropy():
    entropy = Entropy(new_id=iter("ab").__next__, random=lambda: 0.25)
    assert (entropy.new_id(), entropy.new_id(), entropy.random()) == ("a", "b", 0.25)


def test_ids_of_the_operating_system_are_random_uuids():
    entropy = system_entropy()
    texts = [entropy.new_id() for _ in range(500)]
    ids = [UUID(text) for text in texts]
    assert [str(each) for each in ids] == texts
    assert {(each.version, each.variant) for each in ids} == {(4, RFC_4122)}
    assert len({each.int for each in ids}) == 500
    assert {bit for each in ids for bit in range(128) if each.int >> bit & 1} == {*range(128)} - {62, 76, 77, 79}
