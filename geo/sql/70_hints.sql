-- What a phone's hint depends on: the places around it or along its route. geo/ahead/hints/rules.py decides.

-- The position's surroundings. geo/ahead/hints/outlook.py has the same fields in the same order.
CREATE TYPE facility_search.situation AS (
    reach_m float8,                -- places within this distance may be suggested
    here_m float8,                 -- places within this distance are never off course
    aside_m float8,                -- maximum distance beside the heading
    horizon_m float8,              -- maximum distance of any place
    way_left_m float8,             -- distance that the comfort time left allows, at least a long gap
    comfort_left_m float8,         -- the same, also if it is shorter
    heading_deg float8,            -- NULL if unknown: then everything is ahead
    half_angle_deg float8,         -- directions that count as ahead, on either side of the heading
    dismissed bigint[],            -- facilities never to suggest; of merged ones, the places that they are part of
    last_hint_id bigint,           -- the facility of the last hint, or the place that it is part of, if it must not be suggested again; else NULL
    silence_until timestamptz,     -- end of the longest silence
    possible_until timestamptz,    -- the latest arrival after it
    rungs_m float8[],              -- distances at which the rings of possible begin
    candidates bigint              -- maximum number of cards
);

-- The places that facilities are part of: themselves, unless they were merged.
CREATE FUNCTION facility_search.places_of(ids bigint[]) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH RECURSIVE above AS (
        SELECT id, merged_into FROM facility WHERE id = ANY (ids)
        UNION
        SELECT facility.id, facility.merged_into FROM above JOIN facility ON facility.id = above.merged_into
    )
    SELECT coalesce(array_agg(id), '{}') FROM above WHERE merged_into IS NULL
$$;

-- The first seven columns are the same in every row. Without candidates there is one row, in which the card is NULL.
CREATE TYPE facility_search.outlook AS (
    only_last_hint boolean,        -- whether the facility of the last hint is within reach
    near_ends_m float8,            -- distance of the farthest place within reach
    beyond_m float8,               -- distance of the nearest place ahead and beyond reach
    beyond_stars float8,           -- the most sure stars of those
    in_time_stars float8,          -- the same, of those within the comfort time left
    possible jsonb,                -- rings: [distance_m, sure_stars, seconds until one closes], nearest first
    witnesses jsonb,               -- places: [distance_m, bearing_deg, sure_stars]
    card facility_search.card
);

-- The places within the horizon of origin. needs.open_states apply to the arrival at each place.
CREATE FUNCTION facility_search.outlook_around(
    origin geometry, situation facility_search.situation, needs facility_search.needs,
    ranking facility_search.ranking, as_of timestamptz
) RETURNS SETOF facility_search.outlook
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE  -- reading a plain variable takes a tenth of the time of a row's field, for each facility
    sector_deg CONSTANT float8 := 10;  -- Of distant places one is kept per sector of 10 degrees and ring of three tenths of
    ring CONSTANT float8 := 1.3;       -- its distance: a few hundred that show for any heading that there is a place ahead.
    reach_m CONSTANT float8 := situation.reach_m;
    here_m CONSTANT float8 := situation.here_m;
    aside_m CONSTANT float8 := situation.aside_m;
    horizon_m CONSTANT float8 := situation.horizon_m;
    way_left_m CONSTANT float8 := situation.way_left_m;
    comfort_left_m CONSTANT float8 := situation.comfort_left_m;
    heading_deg CONSTANT float8 := situation.heading_deg;
    least_cosine CONSTANT float8 := cosd(situation.half_angle_deg);
    dismissed CONSTANT bigint[] := facility_search.places_of(situation.dismissed);
    last_hint_id CONSTANT bigint := (facility_search.places_of(ARRAY[situation.last_hint_id]))[1];
    silence_until CONSTANT timestamptz := situation.silence_until;
    possible_until CONSTANT timestamptz := situation.possible_until;
    rungs_m CONSTANT float8[] := situation.rungs_m;
    states CONSTANT text[] := needs.open_states;
    beta_per_m CONSTANT float8 := ranking.beta_per_m;
    seconds_per_m CONSTANT float8 := ranking.seconds_per_m;
    at_any_time facility_search.needs := needs;
BEGIN
    at_any_time.open_states := NULL;
    RETURN QUERY
    WITH judged AS MATERIALIZED (
        SELECT best AS ranked, best.facility_id, best.distance_m, best.utility,
               best.utility + beta_per_m * best.distance_m AS sure_stars,
               coalesce(facility_search.initial_bearing_deg(origin, f.location), 0) AS bearing_deg,
               f.open_during, facility_search.during_states(f.open_during, f.unknown_during, states) AS during,
               as_of + make_interval(secs => best.distance_m * seconds_per_m) AS arrival
        FROM facility_search.best_within(facility_search.boxes_around(origin, horizon_m), origin, horizon_m,
                 at_any_time, ranking, as_of, NULL) AS best
        JOIN facility f ON f.id = best.facility_id
        -- Of the reasons to rank a place last, its hours do not exclude it: they are judged below.
        WHERE best.verdict <> 'squat' AND coalesce(best.last_because = 'closed_on_arrival', true) AND best.facility_id <> ALL (dismissed)
    ), known AS MATERIALIZED (
        SELECT judged.*,
               judged.distance_m <= reach_m AS is_near,
               judged.distance_m > here_m AND (
                   cosd(judged.bearing_deg - heading_deg) < 0
                   OR judged.distance_m * abs(sind(judged.bearing_deg - heading_deg)) > aside_m) AS is_off_course,
               coalesce(cosd(judged.bearing_deg - heading_deg) >= least_cosine, true) AS is_ahead,
               judged.facility_id = last_hint_id AS is_last_hint,
               judged.during @> judged.arrival AS is_welcome
        FROM judged
    ), summary AS (
        SELECT coalesce(bool_or(is_near AND is_last_hint AND is_off_course IS NOT TRUE), false) AS only_last_hint,
               max(distance_m) FILTER (WHERE is_near AND is_off_course IS NOT TRUE) AS near_ends_m,
               min(distance_m) FILTER (WHERE NOT is_near AND is_ahead AND distance_m <= way_left_m) AS beyond_m,
               max(sure_stars) FILTER (WHERE NOT is_near AND is_ahead AND distance_m <= way_left_m) AS beyond_stars,
               max(sure_stars) FILTER (WHERE NOT is_near AND is_ahead AND distance_m <= comfort_left_m) AS in_time_stars
        FROM known WHERE is_welcome
    ), possible AS (
        SELECT min(distance_m) AS distance_m, max(sure_stars) AS sure_stars,
               min((SELECT min(upper(period)) FROM unnest(open_during) AS period WHERE upper(period) > as_of)) AS closes_at
        FROM known
        WHERE is_last_hint IS NOT TRUE AND during && tstzrange(as_of, possible_until)
        GROUP BY width_bucket(distance_m, rungs_m)
    ), witness AS (
        SELECT DISTINCT ON (floor(bearing_deg / sector_deg), floor(ln(distance_m) / ln(ring)))
               distance_m, bearing_deg, sure_stars
        FROM known
        WHERE NOT is_near
          AND during @> tstzrange(as_of, silence_until + make_interval(secs => 2 * distance_m * seconds_per_m))
        ORDER BY floor(bearing_deg / sector_deg), floor(ln(distance_m) / ln(ring)), sure_stars DESC
    )
    SELECT summary.only_last_hint, summary.near_ends_m, summary.beyond_m, summary.beyond_stars, summary.in_time_stars,
           (SELECT jsonb_agg(jsonb_build_array(distance_m, sure_stars, extract(epoch FROM closes_at - as_of))
                ORDER BY distance_m) FROM possible),
           (SELECT jsonb_agg(jsonb_build_array(distance_m, bearing_deg, sure_stars)) FROM witness),
           card
    FROM summary
    LEFT JOIN LATERAL facility_search.cards(
        ARRAY(SELECT ranked FROM known
              WHERE is_welcome AND is_near AND is_off_course IS NOT TRUE AND is_last_hint IS NOT TRUE
              ORDER BY utility DESC, facility_id LIMIT situation.candidates),
        origin, needs, ranking, as_of) AS card ON true;
END $$;

-- The places passed on the next stretch of a route, in order, evaluated for their arrival. needs.open_states apply to the
-- arrival at each place. number is the 1-based index of the pass in the arrays.
CREATE FUNCTION facility_search.outlook_on_passing(
    facility_ids bigint[], arrivals_s int[], alongs_m float8[], offsets_m float8[],
    situation facility_search.situation, needs facility_search.needs, ranking facility_search.ranking,
    cruise_s_per_m float8, as_of timestamptz
) RETURNS TABLE (
    number bigint, quality float8, sd float8, verdict text, utility float8,
    is_welcome boolean,            -- on arrival
    is_possible boolean,           -- at some time during the longest silence
    is_sure boolean,               -- all the time during the longest silence
    is_last_hint boolean,          -- whether the last hint was about this place and must not be repeated
    closes_in_s float8
) LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    silence_until CONSTANT timestamptz := situation.silence_until;
    possible_until CONSTANT timestamptz := situation.possible_until;
    dismissed CONSTANT bigint[] := facility_search.places_of(situation.dismissed);
    last_hint_id CONSTANT bigint := (facility_search.places_of(ARRAY[situation.last_hint_id]))[1];
    states CONSTANT text[] := needs.open_states;
    at_any_time facility_search.needs := needs;
BEGIN
    at_any_time.open_states := NULL;
    RETURN QUERY
    SELECT judged.number, judged.quality, judged.sd, judged.verdict, judged.utility,
           wanted.during @> as_of + make_interval(secs => pass.arrive_s),
           wanted.during && tstzrange(as_of, possible_until),
           wanted.during @> tstzrange(as_of, silence_until + make_interval(secs => pass.along_m * cruise_s_per_m)),
           coalesce(f.id = last_hint_id, false),
           (SELECT extract(epoch FROM min(upper(period)) - as_of)::float8 FROM unnest(f.open_during) AS period
            WHERE upper(period) > as_of)
    FROM facility_search.on_passing(facility_ids, as_of, arrivals_s, offsets_m, at_any_time, ranking, as_of) AS judged
    JOIN unnest(facility_ids, arrivals_s, alongs_m) WITH ORDINALITY AS pass (facility_id, arrive_s, along_m, number)
        ON pass.number = judged.number
    JOIN facility f ON f.id = pass.facility_id
    CROSS JOIN LATERAL (
        SELECT facility_search.during_states(f.open_during, f.unknown_during, states) AS during
    ) AS wanted
    WHERE judged.verdict <> 'squat' AND f.id <> ALL (dismissed)
    ORDER BY judged.number;
END $$;
