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


def test_a_full_bucket_allows_its_capacity_and_then_the_refill_rate() -> None:
    buckets = TokenBuckets("reads", burst=4, per_s=2, most_subjects=10)
    assert [may(buckets, 0) for _ in range(5)] == [True] * 4 + [False]
    assert [may(buckets, 1) for _ in range(3)] == [True, True, False]
    assert [may(buckets, 100) for _ in range(5)] == [True] * 4 + [False]


def test_a_refusal_returns_the_time_to_wait() -> None:
    buckets = TokenBuckets("reads", burst=1, per_s=0.5, most_subjects=10)
    assert may(buckets, 0)
    with pytest.raises(LimitReached) as refused:
        buckets.take(b"a", NOON + timedelta(seconds=0.5))
    assert refused.value.wait == timedelta(seconds=1.5)
    assert refused.value.window == timedelta(seconds=2)


def test_an_early_retry_does_not_delay_the_next_token() -> None:
    buckets = TokenBuckets("reads", burst=1, per_s=1, most_subjects=10)
    assert may(buckets, 0)
    assert [may(buckets, after_s) for after_s in (0.25, 0.5, 0.75, 1)] == [False, False, False, True]


def test_each_subject_has_its_own_bucket() -> None:
    buckets = TokenBuckets("reads", burst=1, per_s=1, most_subjects=10)
    assert [may(buckets, 0), may(buckets, 0), may(buckets, 0, b"b")] == [True, False, True]


def test_memory_is_bounded_and_the_least_recently_used_bucket_is_dropped_first() -> None:
    buckets = TokenBuckets("reads", burst=1, per_s=0.001, most_subjects=2)
    assert all(may(buckets, 0, subject) for subject in (b"a", b"b"))
    assert not may(buckets, 1, b"a")
    assert may(buckets, 2, b"c")
    assert len(buckets) == 2
    assert not may(buckets, 3, b"a")
    assert may(buckets, 3, b"b")


def test_a_clock_set_back_removes_no_tokens() -> None:
    buckets = TokenBuckets("reads", burst=2, per_s=1, most_subjects=10)
    assert may(buckets, 10)
    assert may(buckets, 0)
