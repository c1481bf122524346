-- The statements of searches: the facilities found, with the version of the data that the same snapshot shows.

-- The result of facility_search.nearby.
CREATE FUNCTION facility_search.found_nearby(
    origin geometry, radius_m float8, needs facility_search.needs, ranking facility_search.ranking,
    as_of timestamptz, how_many bigint
) RETURNS SETOF facility_search.found
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT pg_current_snapshot()::text, nearby.nearest_m,
           card.id, card.distance_m, card.quality, card.sd, card.utility, card.status, card.feature, card.terms
    FROM facility_search.nearby(origin, radius_m, needs, ranking, as_of, how_many) AS nearby
    LEFT JOIN LATERAL facility_search.cards(nearby.best, origin, needs, ranking, as_of) AS card ON true;
END $$;

-- The exact best how_many in either box, without distances. A box of more than most_looked_at() facilities is refused.
CREATE FUNCTION facility_search.found_in_boxes(
    area facility_search.boxes, needs facility_search.needs, ranking facility_search.ranking,
    as_of timestamptz, how_many bigint
) RETURNS SETOF facility_search.found
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    best facility_search.ranked[];
BEGIN
    IF facility_search.has_more_than(area, CAST(facility_search.most_looked_at() AS bigint)) THEN
        PERFORM facility_search.refuse_area();
    END IF;
    best := ARRAY(SELECT b FROM facility_search.best_within(area, NULL, NULL, needs, ranking, as_of, how_many) AS b);
    RETURN QUERY
    SELECT pg_current_snapshot()::text, NULL::float8,
           card.id, card.distance_m, card.quality, card.sd, card.utility, card.status, card.feature, card.terms
    FROM (VALUES (true)) AS always
    LEFT JOIN facility_search.cards(best, NULL, needs, ranking, as_of) AS card ON true;
END $$;

-- The facility of facility_search.one.
CREATE FUNCTION facility_search.found_one(
    wanted_id bigint, needs facility_search.needs, ranking facility_search.ranking, as_of timestamptz
) RETURNS SETOF facility_search.found
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    best CONSTANT facility_search.ranked[] := ARRAY(SELECT b FROM facility_search.one(wanted_id, as_of) AS b);
BEGIN
    RETURN QUERY
    SELECT pg_current_snapshot()::text, NULL::float8,
           card.id, card.distance_m, card.quality, card.sd, card.utility, card.status, card.feature, card.terms
    FROM (VALUES (true)) AS always
    LEFT JOIN facility_search.cards(best, NULL, needs, ranking, as_of) AS card ON true;
END $$;
