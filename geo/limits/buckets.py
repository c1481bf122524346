"""A limit within one server process: token buckets, for what is too frequent to be counted in the database."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from geo.errors import LimitReached


class TokenBuckets:
    """A bucket of tokens for each subject; a request takes one, and time puts them back.

    Memory is bounded: the subject that has been quiet for longest is forgotten first, and would find a full bucket.
    """

    def __init__(self, name: str, burst: int, per_s: float, most_subjects: int) -> None:
        """Know the limit.

        Args:
            name: of the policy, as replies tell it.
            burst: tokens in a full bucket.
            per_s: tokens that come back in a second.
            most_subjects: how many buckets are kept.
        """
        self._name = name
        self._burst = burst
        self._per_s = per_s
        self._most_subjects = most_subjects
        self._lock = Lock()
        self._buckets: OrderedDict[bytes, tuple[float, datetime]] = OrderedDict()

    def take(self, subject: bytes, as_of: datetime) -> None:
        """Take a token of the subject's.

        Raises:
            LimitReached: its bucket is empty.
        """
        with self._lock:
            tokens, since = self._buckets.pop(subject, (float(self._burst), as_of))
            gained = max(0.0, (as_of - since).total_seconds()) * self._per_s
            tokens = min(float(self._burst), tokens + gained)
            is_allowed = tokens >= 1
            self._buckets[subject] = (tokens - is_allowed, as_of)
            while len(self._buckets) > self._most_subjects:
                self._buckets.popitem(last=False)
        if not is_allowed:
            window = timedelta(seconds=self._burst / self._per_s)
            raise LimitReached(self._name, self._burst, window, timedelta(seconds=(1 - tokens) / self._per_s))

    def __len__(self) -> int:
        """How many subjects are remembered."""
        return len(self._buckets)
