"""How often garbage is looked for while a server runs, and that nobody finds that changed afterwards."""

import gc
import threading

import pytest

from hocket_io.collecting import seldom_collected


@pytest.fixture(autouse=True)
def as_it_was():
    threshold = gc.get_threshold()
    gc.unfreeze()  # what the suite has put away
    yield
    gc.enable()
    gc.set_threshold(*threshold)
    gc.freeze()


def test_in_the_body_it_is_looked_for_less_often_and_afterwards_as_before():
    before = gc.get_threshold()

    def serve():
        with seldom_collected():
            assert gc.get_threshold() == (50_000, *before[1:])
            assert gc.get_freeze_count() > 0
            raise KeyError

    with pytest.raises(KeyError):
        serve()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("first", [0, 50_000])
def test_what_somebody_has_chosen_is_left_alone(first):
    gc.set_threshold(first, 5, 5)
    with seldom_collected():
        assert gc.get_threshold() == (first, 5, 5)
        assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == (first, 5, 5)


def test_what_somebody_has_put_away_stays_there():
    gc.freeze()
    before = gc.get_freeze_count()
    with seldom_collected():
        assert gc.get_threshold()[0] == 50_000
    assert gc.get_freeze_count() == before > 0


def test_a_server_in_a_thread_leaves_it_to_the_rest_of_the_process():
    seen = []

    def serve():
        with seldom_collected():
            seen.append((gc.get_threshold(), gc.get_freeze_count()))

    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()
    assert seen == [(gc.get_threshold(), 0)]


def test_who_wants_none_gets_none():
    gc.disable()
    with seldom_collected():
        assert not gc.isenabled()
        assert gc.get_freeze_count() == 0
