"""What can go wrong in the domain, as facts. api/problems.py says what each means over HTTP."""


class BeforehandError(Exception):
    """A domain fact that stops what was asked; its text is one sentence for the person who asked."""


class InvalidCoordinates(BeforehandError):
    """A longitude, latitude or box that lies nowhere on the Earth."""


class InvalidRoute(BeforehandError):
    """A route that cannot be gone; ``part`` names what is wrong with it."""

    def __init__(self, part: str, fault: str) -> None:
        super().__init__(fault)
        self.part = part


class CellTooCoarse(BeforehandError):
    """A cell in which places are so dense that no refresh region could hold all of it."""


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
