"""Buckets in memory: how much passes, and when the next token is there."""

from hypothesis import given
from hypothesis import strategies as st

from matinee.infra.limits.buckets import Limit, Memory

TEN = Limit("ten", 10, window_s=60)


class Hand:
    """A clock that is moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_full_bucket_is_emptied_at_once_and_then_refuses_until_a_token_has_come() -> None:
    clock = Hand()
    memory = Memory(clock)
    assert [memory.take(TEN, "a").left for _ in range(10)] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    refused = memory.take(TEN, "a")
    assert refused.refused
    assert refused.wait_s is not None
    assert abs(refused.wait_s - 6) < 1e-6
    clock.now += refused.wait_s
    assert not memory.take(TEN, "a").refused
    assert memory.take(TEN, "a").refused
    assert not memory.take(TEN, "b").refused


def test_who_was_refused_pays_nothing() -> None:
    clock = Hand()
    memory = Memory(clock)
    for _ in range(200):
        memory.take(TEN, "a")
    clock.now += 6
    assert not memory.take(TEN, "a").refused


def test_limits_of_other_names_are_other_buckets() -> None:
    memory = Memory(Hand())
    one = Limit("one", 1)
    assert not memory.take(one, "a").refused
    assert memory.take(one, "a").refused
    assert not memory.take(TEN, "a").refused


@given(
    st.lists(st.floats(0, 30), min_size=1, max_size=200),
    st.integers(1, 20),
    st.floats(1, 120),
)
def test_it_passes_what_a_bucket_with_tokens_in_it_would_pass(
    pauses: list[float], most: int, window_s: float
) -> None:
    clock = Hand()
    memory, limit = Memory(clock), Limit("any", most, window_s)
    level = float(most)
    for pause in pauses:
        clock.now += pause
        level = min(most, level + pause / limit.step_s)
        standing = memory.take(limit, "a")
        if abs(level - 1) > 1e-3:  # the sums of both round differently
            assert standing.refused == (level < 1)
        level -= 0 if standing.refused else 1
        assert abs(standing.left - level) < 1.001


def test_many_keys_take_no_more_memory_and_the_emptiest_are_remembered() -> None:
    clock = Hand()
    memory = Memory(clock, keys_most=100)
    for _ in range(10):
        memory.take(TEN, "greedy")
    for n in range(1000):
        memory.take(TEN, str(n))
    assert len(memory._full_at) <= 100
    assert memory.take(TEN, "greedy").refused
