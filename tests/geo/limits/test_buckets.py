"""Token buckets within one process."""

from datetime import timedelta

import pytest

from geo.errors import LimitReached
from geo.limits.buckets import TokenBuckets
from tests.conftest import NOON


def may(buckets: TokenBuckets, after_s: float, subject: bytes = b"a") -> bool:
    try:
        buckets.take(subject, NOON + timedelta(seconds=after_s))
    except LimitReached:
        return False
    return True


def test_a_full_bucket_is_let_through_and_then_as_much_as_comes_back() -> None:
    buckets = TokenBuckets("reads", burst=4, per_s=2, most_subjects=10)
    assert [may(buckets, 0) for _ in range(5)] == [True] * 4 + [False]
    assert [may(buckets, 1) for _ in range(3)] == [True, True, False]
    assert [may(buckets, 100) for _ in range(5)] == [True] * 4 + [False]


def test_a_refusal_tells_how_long_to_wait() -> None:
    buckets = TokenBuckets("reads", burst=1, per_s=0.5, most_subjects=10)
    assert may(buckets, 0)
    with pytest.raises(LimitReached) as refused:
        buckets.take(b"a", NOON + timedelta(seconds=0.5))
    assert refused.value.wait == timedelta(seconds=1.5)
    assert refused.value.window == timedelta(seconds=2)


def test_asking_again_too_soon_does_not_push_the_next_token_away() -> None:
    buckets = TokenBuckets("reads", burst=1, per_s=1, most_subjects=10)
    assert may(buckets, 0)
    assert [may(buckets, after_s) for after_s in (0.25, 0.5, 0.75, 1)] == [False, False, False, True]


def test_each_subject_has_its_own_bucket() -> None:
    buckets = TokenBuckets("reads", burst=1, per_s=1, most_subjects=10)
    assert [may(buckets, 0), may(buckets, 0), may(buckets, 0, b"b")] == [True, False, True]


def test_memory_is_bounded_and_the_quietest_is_forgotten_first() -> None:
    buckets = TokenBuckets("reads", burst=1, per_s=0.001, most_subjects=2)
    assert all(may(buckets, 0, subject) for subject in (b"a", b"b"))
    assert not may(buckets, 1, b"a")
    assert may(buckets, 2, b"c")
    assert len(buckets) == 2
    assert not may(buckets, 3, b"a")
    assert may(buckets, 3, b"b")


def test_a_clock_that_is_set_back_takes_no_tokens_away() -> None:
    buckets = TokenBuckets("reads", burst=2, per_s=1, most_subjects=10)
    assert may(buckets, 10)
    assert may(buckets, 0)
