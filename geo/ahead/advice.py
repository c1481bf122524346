"""Asking for a hint: gates first, then one look around."""

from dataclasses import dataclass, replace
from functools import partial

from geo.ahead import ask_again
from geo.ahead.ask_again import AskAgain
from geo.ahead.hints import Hint, Situation, decide, gate
from geo.ahead.outlook import look
from geo.ahead.outlook_on_route import look_along, position_m
from geo.database import Session


@dataclass(frozen=True, slots=True)
class Advice:
    """A hint, or silence, and when to ask again."""

    hint: Hint
    ask_again: AskAgain


def advise(session: Session, situation: Situation) -> Advice:
    """Speak or stay silent, in three statements at most; nothing of the situation is kept.

    A phone that has left its route is helped by its heading.
    """
    shut = gate(situation)
    until_open = ask_again.after_gate(situation)
    if shut is not None and until_open is not None:
        return Advice(Hint(shut[0]), until_open)
    from_m = position_m(situation.route, situation.origin) if situation.route else None
    if situation.route is None or from_m is None:
        situation = replace(situation, route=None)
        outlook, around = look(session, situation)
        silence = partial(ask_again.after_silence, situation, around)
    else:
        outlook, on_route = look_along(session, situation, situation.route, from_m)
        silence = partial(ask_again.after_silence_on_route, situation, on_route)
    hint = decide(situation, outlook)
    return Advice(hint, ask_again.after_hint(situation, hint) if hint.speak else silence())
