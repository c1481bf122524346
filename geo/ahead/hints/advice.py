"""Answers a request for a hint: checks the gates first, then queries the surroundings."""

from dataclasses import dataclass, replace
from functools import partial

from geo.ahead.hints import ask_again
from geo.ahead.hints.ask_again import AskAgain
from geo.ahead.hints.outlook import in_crowd, look
from geo.ahead.hints.outlook_on_route import look_along, position_m
from geo.ahead.hints.rules import Hint, decide, gate
from geo.ahead.hints.situation import Situation
from geo.database import Session


@dataclass(frozen=True, slots=True)
class Advice:
    """A hint or silence, and when to ask again."""

    hint: Hint
    ask_again: AskAgain


def advise(session: Session, situation: Situation) -> Advice:
    """Return a hint or silence, in at most four statements. The situation is not stored.

    For a phone that has left its route, its heading is used instead.
    """
    situation = situation.as_believed
    shut = gate(situation)
    until_open = ask_again.after_gate(situation)
    if shut is not None and until_open is not None:
        return Advice(Hint(shut[0]), until_open)
    from_m = position_m(situation.route, situation.origin) if situation.route else None
    if situation.route is None or from_m is None:
        situation = in_crowd(session, replace(situation, route=None))
        outlook, around = look(session, situation)
        silence = partial(ask_again.after_silence, situation, around)
    else:
        outlook, on_route = look_along(session, situation, situation.route, from_m)
        silence = partial(ask_again.after_silence_on_route, situation, on_route)
    hint = decide(situation, outlook)
    return Advice(hint, ask_again.after_hint(situation, hint) if hint.speak else silence())
