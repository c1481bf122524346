"""Domain errors. api/http/problems.py translates each to an HTTP response."""

from datetime import timedelta


class BeforehandError(Exception):
    """The base class of domain errors. The message is one sentence for the caller.

    Attributes:
        about: possible parameter names of the wrong value, the most specific first; empty if no single value is wrong.
    """

    def __init__(self, message: str, *about: str) -> None:
        super().__init__(message)
        self.about = about


class InvalidCoordinates(BeforehandError):
    """A longitude, latitude or bounding box is out of range; ``is_swapped``: it is valid the other way round."""

    def __init__(self, reason: str, *, is_swapped: bool = False) -> None:
        super().__init__(reason)
        self.is_swapped = is_swapped


class InvalidRoute(BeforehandError):
    """A route is invalid; ``part`` names the wrong parameter."""

    def __init__(self, part: str, fault: str) -> None:
        super().__init__(fault, part, "route")
        self.part = part


class CellTooCoarse(BeforehandError):
    """Facilities in the cell are so dense that no refresh region could contain the whole cell."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault, "cell")


class AreaTooLarge(BeforehandError):
    """More facilities lie in the area of a request than are looked at for one."""

    def __init__(self, parameter: str, most: int) -> None:
        super().__init__(f"more than {most:,} facilities lie in this area: reduce {parameter}", parameter)


class UnreadableFile(BeforehandError):
    """A file to import does not have its format, or is truncated or empty."""


class DatabaseUnavailable(BeforehandError):
    """The database is missing or not running, or PostGIS is missing. The message says what to do."""


class DatabaseReadOnly(DatabaseUnavailable):
    """The database does not accept writes because it is a standby."""


class DatabaseBusy(DatabaseUnavailable):
    """Concurrent requests changed or locked the same rows, or use all connections. Nothing was changed."""


class RaceLost(DatabaseUnavailable):
    """A concurrent transaction won, as in a deadlock. The same transaction again, from its beginning, may succeed."""


class TooExpensive(DatabaseUnavailable):
    """A read took longer than a read may take."""


class DatabaseFull(DatabaseUnavailable):
    """The database's disk is full."""


class SchemaMismatch(DatabaseUnavailable):
    """The database has the schema of another revision: a table, column or function is missing."""


class FacilityNotFound(BeforehandError):
    """The facility does not exist or is hidden."""

    def __init__(self, facility_id: int) -> None:
        super().__init__(f"there is no facility {facility_id}", "facility_id")


class FacilityMerged(BeforehandError):
    """The facility was merged into another one.

    Attributes:
        into: the id of the place that it is now part of.
    """

    def __init__(self, facility_id: int, into: int) -> None:
        super().__init__(f"facility {facility_id} is now part of facility {into}", "facility_id")
        self.into = into


class RatingNotFound(BeforehandError):
    """The device has no current rating of this facility."""


class InvalidToken(BeforehandError):
    """A bearer token is unknown, revoked or expired."""


class InvalidKeyTerms(BeforehandError):
    """The terms of a partner's key are not allowed, such as an invalid origin or an expiry in the past."""


class RecordNotFound(BeforehandError):
    """A comment, proposal, queue item, decision, member of staff, partner or key does not exist for this caller."""


class NotAllowed(BeforehandError):
    """The caller may not do this: its role is too low, it is its own content, or its key has another origin."""


class OutOfDate(BeforehandError):
    """The target of a decision has changed since it was read."""


class Conflict(BeforehandError):
    """The current state does not allow this, such as an item that is already decided or claimed by somebody else."""


class LimitReached(BeforehandError):
    """A caller exceeded a rate limit.

    Attributes:
        policy: name of the limit.
        quota: number of requests allowed in the window.
        window: time in which the whole quota is restored.
        wait: time until one more request is allowed.
    """

    def __init__(self, policy: str, quota: int, window: timedelta, wait: timedelta) -> None:
        super().__init__(f"too many requests: the limit {policy!r} allows {quota} in {window.total_seconds():g} s")
        self.policy = policy
        self.quota = quota
        self.window = window
        self.wait = wait
