"""Texts about one's own ratings, in the caller's language."""

from collections.abc import Sequence

from api.http.languages import Language
from geo.crowd.trust import Weights


def why_it_counts_less(weights: Weights, language: Language) -> Sequence[str]:
    """Return a sentence for each weight of a rating that is below 1."""
    sentences = (
        (
            weights.age,
            language.say("It is from a device's first day: it counts fully once the device rates on another day."),
        ),
        (weights.track, language.say("It is by a device that has rated no other place: it counts fully once it does.")),
        (weights.presence, language.say("It was not made at the place, where ratings count more.")),
        (
            weights.rush,
            language.say("Many ratings came within a week: together they count as those of an ordinary week."),
        ),
    )
    return [sentence for weight, sentence in sentences if weight < 1]
