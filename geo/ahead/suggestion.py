"""The needs of places that the service suggests on its own: in hints and as regions."""

from dataclasses import replace

from geo.facilities.attributes import OFFERED_STATES
from geo.facilities.search import Needs


def suggestion_needs(needs: Needs) -> Needs:
    """Return needs whose open_states, by default OFFERED_STATES, the statements apply to the time at each place."""
    return replace(needs, open_states=needs.open_states or OFFERED_STATES, open_at=None, open_on_arrival=False)
