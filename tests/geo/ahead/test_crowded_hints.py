"""Where very many facilities lie around a phone, the nearest of them are looked at."""

import pytest
from sqlalchemy.orm import Session

from geo.ahead.hints import advice, outlook
from geo.ahead.hints.situation import SCALES, Situation
from geo.coordinates import Point
from tests.conftest import NOON
from tests.factories import add_facility

HERE = Point(24.94, 60.17)
KM_DEG = 1 / 111.2


def at_km(session: Session, *kms: float) -> list[int]:
    return [add_facility(session, HERE.lon, HERE.lat + km * KM_DEG) for km in kms]


def driving(session: Session, comfort_s: float, since_last_stop_s: float) -> Situation:
    situation = Situation(HERE, NOON, "drive", heading_deg=0, comfort_s=comfort_s, since_last_stop_s=since_last_stop_s)
    return outlook.in_crowd(session, situation)


def test_the_horizon_of_a_crowd_holds_no_more_than_are_looked_at(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_km(session, 0.5, 1, 3, 30)
    usual = driving(session, 7_200, 0)
    assert (usual.is_crowded, usual.scale) == (False, SCALES["drive"])
    monkeypatch.setattr(outlook, "MOST_AROUND", 3)
    crowded = driving(session, 7_200, 0)
    assert crowded.is_crowded
    assert 3_000 < crowded.horizon_m < 30_000
    assert crowded.scale.reach_m < crowded.horizon_m


def test_a_hint_in_a_crowd_names_a_place_within_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlook, "MOST_AROUND", 3)
    near, *_ = at_km(session, 0.4, 0.45, 2, 2.5, 3.5, 30)
    situation = Situation(HERE, NOON, "drive", heading_deg=0, comfort_s=7_200, since_last_stop_s=8_000)
    advised = advice.advise(session, situation)
    assert advised.hint.facility is not None
    assert advised.hint.facility.card.id == near


def test_no_gap_is_announced_where_a_crowd_ends_the_view(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    at_km(session, 0.3, *([-0.5] * 5), *([-1.2] * 5), 10)
    situation = Situation(HERE, NOON, "drive", heading_deg=0, comfort_s=11_700, since_last_stop_s=5_000)
    monkeypatch.setattr(outlook, "MOST_AROUND", 7)
    assert advice.advise(session, situation).hint.reason != "long_gap_ahead"
    assert advice.advise(session, situation).ask_again.after_s >= 60
