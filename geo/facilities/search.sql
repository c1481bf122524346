-- Nearby search, ranking, and the JSON of facilities. geo/schema.py installs this file in its own schema whenever its
-- digest differs from the installed one. PL/pgSQL caches the plans of its statements per connection, so that requests
-- need no planning; force_generic_plan is set because custom plans cost five times what they save here. The formulas
-- are those of docs/ranking.md; geo/schema.py creates a function for each of their constants in Python, and the planner
-- inlines their values.

-- The requirements for a facility. NULL means no requirement.
CREATE TYPE facility_search.needs AS (
    offered bigint,            -- traits of which it must have at least one; geo/facilities/attributes.py defines the bits
    ruled_out bigint,          -- traits of which it must have none
    verdicts text[],
    open_states text[],       -- accepted: 'open', 'closed', 'unknown', at the time of open_at or open_on_arrival
    open_at timestamptz,      -- NULL: at the request's as_of
    open_on_arrival boolean   -- for each facility, its own arrival
);

-- The weights of the utility U = quality_weight * q - kappa * sd - beta * distance.
CREATE TYPE facility_search.ranking AS (
    quality_weight float8,
    kappa float8,              -- stars per star of standard deviation
    beta_per_m float8,         -- stars per metre
    seconds_per_m float8       -- travel time per metre
);

CREATE TYPE facility_search.ranked AS (
    facility_id bigint,
    distance_m float8,
    quality float8,
    sd float8,
    verdict text,
    utility float8,
    is_doubtful boolean        -- reported closed: ranked after all others
);

CREATE TYPE facility_search.boxes AS (box geometry, box_beyond_antimeridian geometry);

-- Boxes (degrees) that contain everything within reach_m of origin: one, or two across the antimeridian.
-- A circle on a sphere spans asin(sin(r/R) / cos(lat)) in longitude on either side; around a pole, all longitudes.
CREATE FUNCTION facility_search.boxes_around(origin geometry, reach_m float8) RETURNS facility_search.boxes
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    earth_radius_m CONSTANT float8 := 6371008.7714150598;  -- the sphere of ST_DistanceSphere
    rounding_deg CONSTANT float8 := 1e-7;                   -- a centimetre: more than rounding errors
    lon CONSTANT float8 := ST_X(origin);
    lat CONSTANT float8 := ST_Y(origin);
    reach_deg CONSTANT float8 := degrees(reach_m / earth_radius_m) + rounding_deg;
    south float8 := lat - reach_deg;
    north float8 := lat + reach_deg;
    half_width float8;
BEGIN
    IF south <= -90 OR north >= 90 THEN
        RETURN (ST_MakeEnvelope(-180, greatest(south, -90), 180, least(north, 90), 4326), NULL::geometry);
    END IF;
    half_width := asind(least(1, sind(reach_deg) / cosd(lat))) + rounding_deg;
    IF lon - half_width < -180 THEN
        RETURN (ST_MakeEnvelope(-180, south, lon + half_width, north, 4326),
                ST_MakeEnvelope(lon - half_width + 360, south, 180, north, 4326));
    ELSIF lon + half_width > 180 THEN
        RETURN (ST_MakeEnvelope(lon - half_width, south, 180, north, 4326),
                ST_MakeEnvelope(-180, south, lon + half_width - 360, north, 4326));
    END IF;
    RETURN (ST_MakeEnvelope(lon - half_width, south, lon + half_width, north, 4326), NULL::geometry);
END $$;

CREATE FUNCTION facility_search.initial_bearing_deg(origin geometry, target geometry) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN origin = target THEN NULL ELSE
        mod((360 + degrees(atan2(
            sind(ST_X(target) - ST_X(origin)) * cosd(ST_Y(target)),
            cosd(ST_Y(origin)) * sind(ST_Y(target))
                - sind(ST_Y(origin)) * cosd(ST_Y(target)) * cosd(ST_X(target) - ST_X(origin))
        )))::numeric, 360)::float8
    END;

-- The factor that converts a forward-decayed sum of the database to one at as_of.
CREATE FUNCTION facility_search.decay(as_of timestamptz, half_life_days float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    power(2, extract(epoch FROM facility_search.landmark() - as_of)::float8 / (86400 * half_life_days));

-- The quality of docs/ranking.md from sums decayed to as_of: shrunk to its own record, which is shrunk to the prior.
CREATE FUNCTION facility_search.quality(
    weight_slow float8, stars_slow float8, weight_fast float8, stars_fast float8
) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    (facility_search.present_credibility()
        * (facility_search.record_credibility() * facility_search.prior_mean_stars() + stars_slow)
        / (facility_search.record_credibility() + weight_slow)
     + stars_fast)
    / (facility_search.present_credibility() + weight_fast);

-- The sd of docs/ranking.md: sqrt(sigma^2/(C+W_fast) + (C/(C+W_fast))^2 * sigma^2/(C0+W_slow)), with the common factor taken out.
CREATE FUNCTION facility_search.standard_deviation(weight_slow float8, weight_fast float8)
RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    facility_search.stars_sigma() / (facility_search.present_credibility() + weight_fast)
    * sqrt(facility_search.present_credibility() + weight_fast
           + facility_search.present_credibility() ^ 2 / (facility_search.record_credibility() + weight_slow));

CREATE FUNCTION facility_search.verdict(q float8, sd float8, rating_count bigint)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN rating_count = 0 THEN 'unrated'
         WHEN q - sd >= facility_search.sit_at_least_stars() THEN 'sit'
         WHEN q + sd <= facility_search.squat_at_most_stars() THEN 'squat'
         ELSE 'unsure' END;

-- The state (open, closed or unknown) at an instant, from the compiled hours.
CREATE FUNCTION facility_search.open_state(open_during tstzmultirange, unknown_during tstzmultirange, at timestamptz)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN open_during @> at THEN 'open'
         WHEN unknown_during @> at IS NOT FALSE THEN 'unknown'
         ELSE 'closed' END;

-- The exact best how_many of the facilities that lie in either box, meet the needs and, if within_m is given, lie within
-- that distance of origin. Distances are measured on the sphere; without an origin they are NULL.
CREATE FUNCTION facility_search.best_within(
    area facility_search.boxes, origin geometry, within_m float8, needs facility_search.needs,
    ranking facility_search.ranking, as_of timestamptz, how_many bigint
) RETURNS SETOF facility_search.ranked
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE  -- reading a plain variable takes a tenth of the time of a row's field, for each facility
    box_1 CONSTANT geometry := area.box;
    box_2 CONSTANT geometry := area.box_beyond_antimeridian;
    offered CONSTANT bigint := needs.offered;
    ruled_out CONSTANT bigint := needs.ruled_out;
    verdicts CONSTANT text[] := needs.verdicts;
    open_states CONSTANT text[] := needs.open_states;
    open_at CONSTANT timestamptz := coalesce(needs.open_at, as_of);
    seconds_to_arrive_per_m CONSTANT float8 := CASE WHEN needs.open_on_arrival THEN ranking.seconds_per_m ELSE 0 END;
    w CONSTANT float8 := ranking.quality_weight;
    kappa CONSTANT float8 := ranking.kappa;
    beta_per_m CONSTANT float8 := ranking.beta_per_m;
    decay_slow CONSTANT float8 := facility_search.decay(as_of, facility_search.slow_half_life_days());
    decay_fast CONSTANT float8 := facility_search.decay(as_of, facility_search.fast_half_life_days());
BEGIN
    RETURN QUERY
    SELECT judged.id, judged.distance_m, judged.q, judged.sd, judged.verdict,
           w * judged.q - kappa * judged.sd - beta_per_m * coalesce(judged.distance_m, 0) AS utility,
           judged.is_doubtful
    FROM (
        SELECT known.id, known.distance_m, known.q, known.sd, known.is_doubtful,
               facility_search.verdict(known.q, known.sd, known.rating_count) AS verdict
        FROM (
            SELECT placed.id, placed.distance_m, placed.rating_count, placed.is_doubtful,
                   facility_search.quality(placed.weight_slow * decay_slow, placed.stars_slow * decay_slow,
                       placed.weight_fast * decay_fast, placed.stars_fast * decay_fast) AS q,
                   facility_search.standard_deviation(
                       placed.weight_slow * decay_slow, placed.weight_fast * decay_fast) AS sd
            FROM (
                SELECT f.*, ST_DistanceSphere(f.location, origin) AS distance_m,
                       f.status = 'reported_closed' AS is_doubtful
                FROM facility f
                WHERE f.status IN ('active', 'reported_closed')
                  AND (f.location && box_1 OR f.location && box_2)
                  AND f.traits & ruled_out = 0 AND f.traits & offered <> 0
                OFFSET 0  -- an optimisation fence: each distance, and each quality below, is computed once
            ) AS placed
            WHERE (within_m IS NULL OR placed.distance_m <= within_m)
              AND (open_states IS NULL OR facility_search.open_state(
                      placed.open_during, placed.unknown_during,
                      open_at + make_interval(secs => coalesce(placed.distance_m, 0) * seconds_to_arrive_per_m)
                  ) = ANY (open_states))
            OFFSET 0
        ) AS known
        OFFSET 0
    ) AS judged
    WHERE verdicts IS NULL OR judged.verdict = ANY (verdicts)
    ORDER BY judged.is_doubtful, utility DESC, judged.id
    LIMIT how_many;
END $$;

-- The exact best how_many within radius_m of origin.
--
-- U = w*q - kappa*sd - beta*d and q is at most 5, so no facility farther than (w*5 - U_k)/beta can be among the best k.
-- A disc is searched, the k-th best found in it gives the bound, and if the bound lies outside the disc, the bound's
-- disc is searched. The size of the first disc is only a guess: too small costs another round, too large some
-- unnecessary facilities.
-- Places reported closed come after all others at any distance, so they give no bound.
CREATE FUNCTION facility_search.best_around(
    origin geometry, radius_m float8, needs facility_search.needs, ranking facility_search.ranking,
    as_of timestamptz, how_many bigint
) RETURNS facility_search.ranked[] LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    half_circumference_m CONSTANT float8 := 20015115;  -- no two points are farther apart
    usual_shortfall_stars CONSTANT float8 := 2;         -- of the k-th best, compared with a perfect place at its position
    reach_least_m CONSTANT float8 := 100;               -- the radius to grow from
    spare CONSTANT float8 := 4;                         -- grow the area to hold this many times the missing number
    growth_most CONSTANT float8 := 8;                   -- maximum growth of the radius per round
    limit_m CONSTANT float8 := least(radius_m, half_circumference_m);
    shortfall_m CONSTANT float8 := ranking.quality_weight * usual_shortfall_stars / ranking.beta_per_m;
    best facility_search.ranked[];
    reach_m float8;
    bound_m float8;
    sure_count float8;
BEGIN
    SELECT least(limit_m, shortfall_m + greatest(reach_least_m, max(ST_DistanceSphere(nearest.location, origin)))) INTO reach_m
    FROM (SELECT f.location FROM facility f
          WHERE f.status IN ('active', 'reported_closed')
          ORDER BY f.location <-> origin LIMIT how_many) AS nearest;
    LOOP
        best := ARRAY(SELECT b FROM facility_search.best_within(
            facility_search.boxes_around(origin, reach_m), origin, reach_m, needs, ranking, as_of, how_many) AS b);
        EXIT WHEN reach_m >= limit_m;
        IF NOT best[how_many].is_doubtful THEN
            bound_m := (ranking.quality_weight * facility_search.max_stars() - best[how_many].utility) / ranking.beta_per_m;
            EXIT WHEN bound_m <= reach_m;
        ELSE
            sure_count := (SELECT count(*) FROM unnest(best) AS b WHERE NOT b.is_doubtful);
            bound_m := reach_m * least(growth_most, sqrt(spare * how_many / greatest(sure_count, 1)));
        END IF;
        reach_m := least(bound_m, limit_m);
    END LOOP;
    RETURN best;
END $$;

-- The exact best how_many within radius_m of origin. If there are none, nearest_m is the distance of the nearest
-- facility that meets the needs, and the result is the exact best within twice that, both at most widest_m().
CREATE FUNCTION facility_search.nearby(
    origin geometry, radius_m float8, needs facility_search.needs, ranking facility_search.ranking,
    as_of timestamptz, how_many bigint, OUT best facility_search.ranked[], OUT nearest_m float8
) LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    widest_m CONSTANT float8 := facility_search.widest_m();
    growth CONSTANT float8 := 2;  -- of the radius of an empty disc: all discs together cost a third more than the last
    reach_m float8 := radius_m;
BEGIN
    best := facility_search.best_around(origin, radius_m, needs, ranking, as_of, how_many);
    WHILE cardinality(best) = 0 AND nearest_m IS NULL AND reach_m < widest_m LOOP
        reach_m := least(reach_m * growth, widest_m);
        SELECT min(b.distance_m) INTO nearest_m FROM facility_search.best_within(
            facility_search.boxes_around(origin, reach_m), origin, reach_m, needs, ranking, as_of, NULL) AS b;
    END LOOP;
    IF nearest_m IS NOT NULL THEN
        best := facility_search.best_around(
            origin, least(2 * nearest_m, widest_m), needs, ranking, as_of, how_many);
    END IF;
END $$;

-- One facility with the figures of a search, without an origin; no row if it does not exist or is hidden.
CREATE FUNCTION facility_search.one(wanted_id bigint, as_of timestamptz)
RETURNS SETOF facility_search.ranked LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    decay_slow CONSTANT float8 := facility_search.decay(as_of, facility_search.slow_half_life_days());
    decay_fast CONSTANT float8 := facility_search.decay(as_of, facility_search.fast_half_life_days());
BEGIN
    RETURN QUERY
    SELECT judged.id, NULL::float8, judged.q, judged.sd,
           facility_search.verdict(judged.q, judged.sd, judged.rating_count), NULL::float8, judged.is_doubtful
    FROM (
        SELECT f.id, f.rating_count, f.status = 'reported_closed' AS is_doubtful,
               facility_search.quality(f.weight_slow * decay_slow, f.stars_slow * decay_slow,
                   f.weight_fast * decay_fast, f.stars_fast * decay_fast) AS q,
               facility_search.standard_deviation(f.weight_slow * decay_slow, f.weight_fast * decay_fast) AS sd
        FROM facility f
        WHERE f.id = wanted_id AND f.status <> 'hidden'
    ) AS judged;
END $$;

-- An instant in RFC 3339, in whole seconds.
CREATE FUNCTION facility_search.instant(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE RETURN
    to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');

-- The card of each ranked facility, in order: a GeoJSON Feature (RFC 7946) as text, and the figures that the caller
-- needs in addition. terms are those of the datasets that list the facility.
CREATE FUNCTION facility_search.cards(
    best facility_search.ranked[], origin geometry, needs facility_search.needs, ranking facility_search.ranking,
    as_of timestamptz
) RETURNS TABLE (
    id bigint, kind text, offers text[], name text, lon float8, lat float8, mean_stars float8,
    distance_m float8, quality float8, sd float8, verdict text, utility float8,
    open_checked_at timestamptz, open_state text, open_until timestamptz, feature text, terms text
) LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    open_at CONSTANT timestamptz := coalesce(needs.open_at, as_of);
    seconds_per_m CONSTANT float8 := ranking.seconds_per_m;
    seconds_to_arrive_per_m CONSTANT float8 := CASE WHEN needs.open_on_arrival THEN seconds_per_m ELSE 0 END;
BEGIN
    RETURN QUERY
    SELECT f.id, f.kind, f.offers, f.name, ST_X(f.location), ST_Y(f.location), shown.mean_stars,
           b.distance_m, b.quality, b.sd, b.verdict, b.utility, moment.at, shown.open_state, ending.until,
           json_build_object(
               'type', 'Feature',
               'id', f.id,
               'geometry', json_build_object(
                   'type', 'Point', 'coordinates', json_build_array(ST_X(f.location), ST_Y(f.location))),
               'properties', json_build_object(
                   'kind', f.kind, 'offers', f.offers, 'name', f.name, 'venue', f.venue,
                   'status', f.status,
                   'status_note', CASE f.status
                       WHEN 'reported_closed' THEN 'Visitors reported it closed; nobody has confirmed that yet.'
                       WHEN 'closed' THEN 'It is closed for good, or its source no longer lists it.' END,
                   'address', json_build_object(
                       'street', f.street, 'house_number', f.house_number, 'postcode', f.postcode, 'city', f.city,
                       'region', f.region, 'country', f.country),
                   'level', f.level, 'operator', f.operator,
                   'distance_m', round(b.distance_m * 10) / 10,
                   'bearing_deg', round(facility_search.initial_bearing_deg(origin, f.location) * 10) / 10,
                   'duration_s', round(b.distance_m * seconds_per_m),
                   'rating', json_build_object(
                       'mean', round(shown.mean_stars * 10000) / 10000, 'count', f.rating_count,
                       'demo_count', f.demo_rating_count, 'excluded_count', f.excluded_rating_count,
                       'quality', round(b.quality * 10000) / 10000, 'sd', round(b.sd * 10000) / 10000, 'verdict', b.verdict,
                       'last_rated_at', facility_search.instant(f.last_rated_at)),
                   'open', json_build_object(
                       'state', shown.open_state,
                       'until', facility_search.instant(ending.until),
                       'at', facility_search.instant(moment.at),
                       'opening_hours', f.opening_hours, 'note', f.opening_hours_note),
                   {attributes},
                   'sources', coalesce(known_from.sources, '[]'::json)))::text,
           known_from.terms::text
    FROM unnest(best) WITH ORDINALITY AS b (facility_id, distance_m, quality, sd, verdict, utility, is_doubtful, place)
    JOIN facility f ON f.id = b.facility_id
    CROSS JOIN LATERAL (
        SELECT open_at + make_interval(secs => coalesce(b.distance_m, 0) * seconds_to_arrive_per_m) AS at
    ) AS moment
    CROSS JOIN LATERAL (
        SELECT facility_search.open_state(f.open_during, f.unknown_during, moment.at) AS open_state,
               f.stars_total::float8 / nullif(f.rating_count, 0) AS mean_stars,
               tstzmultirange(tstzrange(moment.at, NULL)) AS from_now OFFSET 0
    ) AS shown
    -- When the state ends: the first instant that is not open, or not closed; NULL if the state is unknown from then on.
    CROSS JOIN LATERAL (
        SELECT lower(CASE shown.open_state
            WHEN 'open' THEN shown.from_now - f.open_during
            WHEN 'closed' THEN shown.from_now * (f.open_during + f.unknown_during) END) AS at OFFSET 0
    ) AS state_end
    CROSS JOIN LATERAL (
        SELECT CASE WHEN NOT f.unknown_during @> state_end.at THEN state_end.at END AS until OFFSET 0
    ) AS ending
    CROSS JOIN LATERAL (
        SELECT json_agg(json_build_object(
                   'dataset', d.name, 'external_id', s.external_id, 'licence', d.licence,
                   'attribution', d.attribution, 'url', d.url,
                   'seen_at', CASE WHEN s.vanished_at IS NULL THEN facility_search.instant(d.imported_at) END)
                   ORDER BY d.name, s.external_id) AS sources,
               json_agg(json_build_object('attribution', d.attribution, 'licence', d.licence, 'url', d.url)) AS terms
        FROM facility_source s JOIN dataset d ON d.id = s.dataset_id
        WHERE s.facility_id = f.id
    ) AS known_from
    ORDER BY b.place;
END $$;
