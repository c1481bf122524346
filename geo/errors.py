"""What can go wrong in the domain, as facts. api/problems.py says what each means over HTTP."""

from datetime import timedelta


class BeforehandError(Exception):
    """A domain fact that stops what was asked; its text is one sentence for the person who asked."""


class InvalidCoordinates(BeforehandError):
    """A longitude, latitude or box that lies nowhere on the Earth."""


class UnreadableFile(BeforehandError):
    """A file to import that is not of its format, cut short, or empty of sense."""


class DatabaseUnavailable(BeforehandError):
    """No database to work with: none found, none running, or PostGIS missing; the text says what to do."""


class FacilityNotFound(BeforehandError):
    """There is no facility of that id, or none that may be shown."""

    def __init__(self, facility_id: int) -> None:
        super().__init__(f"there is no facility {facility_id}")


class RatingNotFound(BeforehandError):
    """The device has no live rating of this facility."""


class InvalidToken(BeforehandError):
    """A bearer token that belongs to nobody, or no longer."""


class InvalidOrigin(BeforehandError):
    """A text that is no web origin, or one that a key must not be bound to."""


class KeyMisplaced(BeforehandError):
    """A partner's key that is good, but not for this: from this origin, or without this scope."""


class InvalidKeyTerms(BeforehandError):
    """Terms that no key may have: a publishable one that writes, or one with no origin; an end that has passed."""


class PartnerNotFound(BeforehandError):
    """There is no such partner."""


class PartnerKeyNotFound(BeforehandError):
    """There is no such key, or it has been revoked."""


class TooManyKeys(BeforehandError):
    """The partner has two working keys of this kind already."""


class ThingNotFound(BeforehandError):
    """There is no such comment, proposal, queue item, decision, appeal or member of staff, or not for this caller."""


class NotAllowed(BeforehandError):
    """The caller is known, but may not do this: a role too low, one's own content, a suspended device."""


class OutOfDate(BeforehandError):
    """What was to be decided has changed since it was read."""


class Conflict(BeforehandError):
    """The state of things does not allow this: decided already, claimed by another, reported before."""


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
