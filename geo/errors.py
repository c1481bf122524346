"""What can go wrong in the domain, as facts. api/problems.py says what each means over HTTP."""

from datetime import timedelta


class BeforehandError(Exception):
    """A domain fact that stops what was asked; its text is one sentence for the person who asked.

    Attributes:
        about: names of the value that is at fault, the most specific first: a caller may know it by any of them.
    """

    def __init__(self, fact: str, *about: str) -> None:
        super().__init__(fact)
        self.about = about


class InvalidCoordinates(BeforehandError):
    """A longitude, latitude or box that lies nowhere on the Earth."""


class InvalidRoute(BeforehandError):
    """A route that cannot be gone; ``part`` names what is wrong with it."""

    def __init__(self, part: str, fault: str) -> None:
        super().__init__(fault, part, "route")
        self.part = part


class CellTooCoarse(BeforehandError):
    """A cell in which places are so dense that no refresh region could hold all of it."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault, "cell")


class UnreadableFile(BeforehandError):
    """A file to import that is not of its format, cut short, or empty of sense."""


class DatabaseUnavailable(BeforehandError):
    """No database to work with: none found, none running, or PostGIS missing; the text says what to do."""


class DatabaseReadOnly(DatabaseUnavailable):
    """The database takes no writes: a standby, or a primary that has become one."""


class DatabaseBusy(DatabaseUnavailable):
    """Other requests changed the same rows at the same time, or held them for too long. Nothing was changed."""


class DatabaseFull(DatabaseUnavailable):
    """The database has no room on its disk."""


class SchemaMismatch(DatabaseUnavailable):
    """The database lacks a table, a column or a function that this code uses: it has the schema of another revision."""


class FacilityNotFound(BeforehandError):
    """There is no facility of that id, or none that may be shown."""

    def __init__(self, facility_id: int) -> None:
        super().__init__(f"there is no facility {facility_id}", "facility_id")


class RatingNotFound(BeforehandError):
    """The device has no live rating of this facility."""


class InvalidToken(BeforehandError):
    """A bearer token that belongs to nobody, or no longer."""


class InvalidKeyTerms(BeforehandError):
    """Terms that no partner's key may have: an origin that is none, a publishable key that writes, a past end."""


class ThingNotFound(BeforehandError):
    """There is none such, or none for this caller: comment, proposal, queue item, decision, staff, partner, key."""


class NotAllowed(BeforehandError):
    """The caller is known, but may not do this: a role too low, one's own content, a key of another origin."""


class OutOfDate(BeforehandError):
    """What was to be decided has changed since it was read."""


class Conflict(BeforehandError):
    """The state of things does not allow this: decided already, claimed by another, two keys already."""


class LimitReached(BeforehandError):
    """Somebody asked more often than a limit allows.

    Attributes:
        policy: name of the limit.
        quota: how often at once, or in the window.
        window: in which the quota comes back.
        wait: until one more is due.
    """

    def __init__(self, policy: str, quota: int, window: timedelta, wait: timedelta) -> None:
        super().__init__(f"too many requests: the limit {policy!r} allows {quota} in {window.total_seconds():g} s")
        self.policy = policy
        self.quota = quota
        self.window = window
        self.wait = wait
