"""Which of nearby places are the same."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.conflation.matching import MAX_M, Candidate, match

Place = tuple[int, int, float, str | None]
"""Id, dataset, position along a street in metres, name."""

NAMES = (None, "Rose Garden", "rose garden", "Harbour Kiosk")


def pair(first: Place, second: Place, **said: object) -> Candidate:
    values = {
        "facility_id": first[0], "other_id": second[0], "distance_m": abs(first[2] - second[2]), "name": first[3],
        "other_name": second[3], "operator": None, "other_operator": None, "level": None, "other_level": None,
        "dataset_ids": [first[1]], "other_dataset_ids": [second[1]],
    }  # fmt: skip
    return Candidate(**(values | said))  # type: ignore[arg-type]  # whatever a test says


def candidates(places: list[Place], max_m: float = MAX_M) -> list[Candidate]:
    """As the database finds them: near each other and of different datasets."""
    return [
        pair(first, second)
        for first, second in combinations(places, 2)
        if abs(first[2] - second[2]) <= max_m and first[1] != second[1]
    ]


streets = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 90).map(float), st.sampled_from(NAMES)), max_size=12
).map(lambda places: [(number, *place) for number, place in enumerate(places, 1)])


@given(places=streets, data=st.data())
def test_a_group_has_one_place_of_each_dataset_and_no_two_that_are_far_apart_or_unlike(
    places: list[Place], data: st.DataObject
) -> None:
    found = candidates(places)
    apart = {frozenset((each.facility_id, each.other_id)) for each in found if data.draw(st.booleans())}
    matches = match(found, apart)
    by_id = {place[0]: place for place in places}
    seen: set[int] = set()
    for group in matches.groups:
        assert len(group) > 1
        assert list(group) == sorted(set(group) - seen)
        seen |= set(group)
        datasets = [by_id[facility_id][1] for facility_id in group]
        assert len(set(datasets)) == len(datasets)
        for one, other in combinations(group, 2):
            assert abs(by_id[one][2] - by_id[other][2]) <= MAX_M
            assert frozenset((one, other)) not in apart
            names = {(by_id[facility_id][3] or "").casefold() for facility_id in (one, other)} - {""}
            assert len(names) < 2


@given(places=streets, data=st.data())
def test_neither_the_order_nor_the_direction_nor_repetition_of_candidates_matters(
    places: list[Place], data: st.DataObject
) -> None:
    found = candidates(places)
    turned = [
        each._replace(
            facility_id=each.other_id, other_id=each.facility_id, name=each.other_name, other_name=each.name,
            dataset_ids=each.other_dataset_ids, other_dataset_ids=each.dataset_ids,
        )
        for each in found
    ]  # fmt: skip
    shuffled = data.draw(st.permutations([*found, *turned]))
    matches, again = match(found, ()), match(shuffled, ())
    assert again.groups == matches.groups
    assert {frozenset(each[:2]) for each, _ in again.kept_apart} == {
        frozenset(each[:2]) for each, _ in matches.kept_apart
    }


def test_the_nearest_match_first_and_one_to_one() -> None:
    places: list[Place] = [(1, 1, 0.0, None), (2, 1, 8.0, None), (3, 2, 6.0, None), (4, 2, 20.0, None)]
    assert match(candidates(places), ()).groups == [(1, 4), (2, 3)]


def test_three_sources_form_one_group_only_if_all_are_near_each_other() -> None:
    row: list[Place] = [(1, 1, 0.0, None), (2, 2, 20.0, None), (3, 3, 25.0, None)]
    assert match(candidates(row), ()).groups == [(1, 2, 3)]
    row[2] = (3, 3, 40.0, None)
    assert match(candidates(row), ()).groups == [(1, 2)]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"level": "0", "other_level": "-1"}, "different levels"),
        ({"level": "0", "other_level": None}, None),
        ({"name": "Rose Garden", "other_name": "Harbour Kiosk"}, "different names"),
        ({"name": "Rose Garden", "other_name": "GARDEN, rose"}, None),
        ({"name": "Rose Garden", "other_name": "Rose Garden, Mill Street"}, None),
        ({"name": "★", "other_name": "★"}, None),
        ({"name": "Rose Garden", "other_name": None}, None),
        ({"operator": "Parks", "other_operator": "Shuttle Buses", "distance_m": 12.0}, "different operators"),
        ({"operator": "Parks", "other_operator": "Shuttle Buses", "distance_m": 9.0}, None),
        ({"operator": "City of Elm", "other_operator": "Elm City Council", "distance_m": 12.0}, None),
        (
            {"name": "Rose", "other_name": "Rose", "operator": "Xy", "other_operator": "Qu", "distance_m": 12.0},
            None,
        ),
    ],
)
def test_levels_names_and_operators_speak_for_or_against(said: dict[str, object], reason: str | None) -> None:
    matches = match([pair((1, 1, 0.0, None), (2, 2, 5.0, None), **said)], ())
    assert [why for _, why in matches.kept_apart] == ([reason] if reason else [])
    assert matches.groups == ([] if reason else [(1, 2)])


def test_a_decision_keeps_two_places_apart() -> None:
    found = candidates([(1, 1, 0.0, None), (2, 2, 0.0, None)])
    matches = match(found, {frozenset((1, 2))})
    assert (matches.groups, [why for _, why in matches.kept_apart]) == ([], ["by a decision"])
