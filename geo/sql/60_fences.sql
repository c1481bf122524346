-- The regions that a phone monitors. geo/ahead/fences/ selects them from the candidates.

-- The how_many nearest places within within_m of origin that meet the needs, nearest first, and how far it was looked for
-- them; without places there is one row, in which they are NULL. is_watchable: it is no
-- 'squat', and in a wanted state from as_of to stays_until.
CREATE FUNCTION facility_search.fence_candidates(
    origin geometry, within_m float8, needs facility_search.needs, ranking facility_search.ranking, kappa float8,
    as_of timestamptz, stays_until timestamptz, how_many bigint
) RETURNS TABLE (
    looked_to_m float8, facility_id bigint, lon float8, lat float8, offers text[], distance_m float8, sure_stars float8,
    is_watchable boolean, closes_at timestamptz
) LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT around.looked_to_m, place.*
    FROM facility_search.best_around(origin, within_m, needs, ranking, as_of, how_many, false) AS around
    LEFT JOIN LATERAL (
        SELECT f.id, ST_X(f.location), ST_Y(f.location), f.offers, best.distance_m, best.quality - kappa * best.sd,
               best.verdict <> 'squat' AND wanted.during @> tstzrange(as_of, stays_until),
               (SELECT min(upper(period)) FROM unnest(wanted.during) AS period WHERE upper(period) > as_of)
        FROM unnest(around.best) AS best
        JOIN facility f ON f.id = best.facility_id
        CROSS JOIN LATERAL (
            SELECT facility_search.during_states(f.open_during, f.unknown_during, needs.open_states) AS during
        ) AS wanted
        WHERE best.last_because IS NULL
    ) AS place ON true
    ORDER BY place.distance_m, place.id;
END $$;

-- A card with the version of the data. Without cards there is one row, in which the card is NULL.
CREATE TYPE facility_search.fence AS (data_version text, card facility_search.card);

-- The cards of the selected places, in the order of their ids.
CREATE FUNCTION facility_search.fences(
    facility_ids bigint[], origin geometry, needs facility_search.needs, ranking facility_search.ranking,
    as_of timestamptz
) RETURNS SETOF facility_search.fence
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    best CONSTANT facility_search.ranked[] := ARRAY(
        SELECT (one.facility_id, ST_DistanceSphere(f.location, origin), one.quality, one.sd, one.verdict,
                NULL, NULL)::facility_search.ranked
        FROM unnest(facility_ids) WITH ORDINALITY AS chosen (id, number)
        JOIN facility f ON f.id = chosen.id
        CROSS JOIN LATERAL facility_search.one(chosen.id, as_of) AS one
        ORDER BY chosen.number);
BEGIN
    RETURN QUERY
    SELECT pg_current_snapshot()::text, card
    FROM (VALUES (true)) AS always
    LEFT JOIN facility_search.cards(best, origin, needs, ranking, as_of) AS card ON true;
END $$;
