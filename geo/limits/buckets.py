"""Token buckets: rate limits within one server process, for requests too frequent to count in the database."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from geo.errors import LimitReached


class TokenBuckets:
    """A token bucket for each subject: a request takes a token, and tokens are restored at a constant rate.

    Memory is bounded: the subject without requests for longest is removed first; its bucket would be full by then.
    """

    def __init__(self, name: str, burst: int, per_s: float, most_subjects: int) -> None:
        """Create the buckets.

        Args:
            name: name of the policy in responses.
            burst: tokens in a full bucket.
            per_s: tokens restored per second.
            most_subjects: maximum number of buckets.
        """
        self._name = name
        self._burst = burst
        self._per_s = per_s
        self._most_subjects = most_subjects
        self._lock = Lock()
        self._buckets: OrderedDict[bytes, tuple[float, datetime]] = OrderedDict()

    def take(self, subject: bytes, as_of: datetime) -> None:
        """Take a token of a subject.

        Raises:
            LimitReached: the subject's bucket is empty.
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
        """Return the number of subjects in memory."""
        return len(self._buckets)
