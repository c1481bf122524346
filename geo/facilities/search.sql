-- Nearby search, ranking and what a reply says of a facility. geo/schema.py installs this file as a whole, in a schema
-- of its own, whenever it differs from what is there. PL/pgSQL keeps the plans of its statements for as long as a
-- connection lives, so that no request pays for planning; force_generic_plan because its guess of what a plan for just
-- these values would save is wrong here: planning costs five times what it saves. The formulas are MATH.md's; their constants are handed in by
-- geo/crowd/quality.py and geo/facilities/ranking.py, so that each stands in one place.

-- What a facility must be. NULL asks for nothing; a list passes a facility whose value, or 'unknown', is in it.
CREATE TYPE facility_search.needs AS (
    kinds text[],
    access text[],
    wheelchair text[],
    fee text[],
    changing_table text[],
    all_gender text[],
    verdicts text[],
    open_states text[],       -- of 'open', 'closed', 'unknown', at the moment that open_at or open_on_arrival tells
    open_at timestamptz,      -- NULL: at the request's as_of
    open_on_arrival boolean   -- each facility at its own arrival
);

-- How quality and distance become one number, U = quality_weight * q - kappa * sd - beta * distance.
CREATE TYPE facility_search.ranking AS (
    quality_weight float8,
    kappa float8,              -- stars of utility lost for each star of standard deviation
    beta_per_m float8,         -- stars of utility lost for each metre
    seconds_per_m float8       -- of the way there
);

-- The decay to as_of of the forward-decayed sums, and the constants of quality.
CREATE TYPE facility_search.quality_model AS (
    as_of timestamptz,
    decay_slow float8,
    decay_fast float8,
    record_credibility float8,
    present_credibility float8,
    prior_mean_stars float8,
    stars_sigma float8,
    sit_at_least_stars float8,
    squat_at_most_stars float8
);

CREATE TYPE facility_search.ranked AS (
    facility_id bigint,
    distance_m float8,
    quality float8,
    sd float8,
    verdict text,
    utility float8,
    is_doubtful boolean        -- reported closed: ranked behind all that are not
);

CREATE TYPE facility_search.boxes AS (box geometry, box_beyond_antimeridian geometry);

-- Everything within reach_m of origin lies in these boxes (degrees): one, or two where the antimeridian is crossed.
-- The widest meridian distance of a circle on a sphere is asin(sin(r/R) / cos(lat)); a circle around a pole has all.
CREATE FUNCTION facility_search.boxes_around(origin geometry, reach_m float8) RETURNS facility_search.boxes
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    earth_radius_m CONSTANT float8 := 6371008.7714150598;  -- the sphere of ST_DistanceSphere
    rounding_deg CONSTANT float8 := 1e-7;                   -- a centimetre: more than rounding can lose
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
    CASE WHEN ST_Equals(origin, target) THEN NULL ELSE
        mod((360 + degrees(atan2(
            sind(ST_X(target) - ST_X(origin)) * cosd(ST_Y(target)),
            cosd(ST_Y(origin)) * sind(ST_Y(target))
                - sind(ST_Y(origin)) * cosd(ST_Y(target)) * cosd(ST_X(target) - ST_X(origin))
        )))::numeric, 360)::float8
    END;

-- q of MATH.md from sums already decayed to as_of: shrunk to its own record, which is shrunk to the prior.
CREATE FUNCTION facility_search.quality(
    weight_slow float8, stars_slow float8, weight_fast float8, stars_fast float8,
    c_record float8, c_present float8, prior float8
) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (c_present * ((c_record * prior + stars_slow) / (c_record + weight_slow)) + stars_fast)
           / (c_present + weight_fast)
$$;

-- sd of MATH.md: sqrt(sigma^2/(C+W_fast) + (C/(C+W_fast))^2 * sigma^2/(C0+W_slow)), with the common factor taken out.
CREATE FUNCTION facility_search.standard_deviation(
    weight_slow float8, weight_fast float8, c_record float8, c_present float8, sigma float8
) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sigma / (c_present + weight_fast)
           * sqrt(c_present + weight_fast + c_present * c_present / (c_record + weight_slow))
$$;

CREATE FUNCTION facility_search.verdict(
    q float8, sd float8, rating_count bigint, sit_at_least float8, squat_at_most float8
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN rating_count = 0 THEN 'unrated'
                WHEN q - sd >= sit_at_least THEN 'sit'
                WHEN q + sd <= squat_at_most THEN 'squat'
                ELSE 'unsure' END
$$;

-- Open, closed or unknown at an instant, from the compiled hours.
CREATE FUNCTION facility_search.open_state(open_during tstzmultirange, unknown_during tstzmultirange, at timestamptz)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN open_during @> at THEN 'open'
         WHEN unknown_during @> at IS NOT FALSE THEN 'unknown'
         ELSE 'closed' END;

-- Whether a facility meets what does not depend on when or how far; the planner inlines it, so that it costs no call.
CREATE FUNCTION facility_search.meets(
    offers text[], access text, wheelchair text, fee text, changing_table text, all_gender text,
    kinds text[], access_asked text[], wheelchair_asked text[], fee_asked text[], changing_table_asked text[],
    all_gender_asked text[]
) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    (kinds IS NULL OR offers && kinds)
    AND (access_asked IS NULL OR coalesce(access, 'unknown') = ANY (access_asked))
    AND (wheelchair_asked IS NULL OR coalesce(wheelchair, 'unknown') = ANY (wheelchair_asked))
    AND (fee_asked IS NULL OR coalesce(fee, 'unknown') = ANY (fee_asked))
    AND (changing_table_asked IS NULL OR coalesce(changing_table, 'unknown') = ANY (changing_table_asked))
    AND (all_gender_asked IS NULL OR coalesce(all_gender, 'unknown') = ANY (all_gender_asked));

-- The exact best how_many of the facilities that stand in either box, meet the needs and, where within_m is given, lie
-- that near to origin. Distance is measured on the sphere; without an origin nothing has a distance.
CREATE FUNCTION facility_search.best_within(
    area facility_search.boxes, origin geometry, within_m float8, needs facility_search.needs,
    ranking facility_search.ranking, model facility_search.quality_model, how_many bigint
) RETURNS SETOF facility_search.ranked
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE  -- a plain variable is read in a tenth of the time of a field of a row, for each facility
    box_1 CONSTANT geometry := area.box;
    box_2 CONSTANT geometry := area.box_beyond_antimeridian;
    kinds CONSTANT text[] := needs.kinds;
    access_asked CONSTANT text[] := needs.access;
    wheelchair_asked CONSTANT text[] := needs.wheelchair;
    fee_asked CONSTANT text[] := needs.fee;
    changing_table_asked CONSTANT text[] := needs.changing_table;
    all_gender_asked CONSTANT text[] := needs.all_gender;
    verdicts CONSTANT text[] := needs.verdicts;
    open_states CONSTANT text[] := needs.open_states;
    open_at CONSTANT timestamptz := coalesce(needs.open_at, model.as_of);
    seconds_to_arrive_per_m CONSTANT float8 := CASE WHEN needs.open_on_arrival THEN ranking.seconds_per_m ELSE 0 END;
    w CONSTANT float8 := ranking.quality_weight;
    kappa CONSTANT float8 := ranking.kappa;
    beta_per_m CONSTANT float8 := ranking.beta_per_m;
    decay_slow CONSTANT float8 := model.decay_slow;
    decay_fast CONSTANT float8 := model.decay_fast;
    c_record CONSTANT float8 := model.record_credibility;
    c_present CONSTANT float8 := model.present_credibility;
    prior CONSTANT float8 := model.prior_mean_stars;
    sigma CONSTANT float8 := model.stars_sigma;
    sit_at_least CONSTANT float8 := model.sit_at_least_stars;
    squat_at_most CONSTANT float8 := model.squat_at_most_stars;
BEGIN
    RETURN QUERY
    SELECT judged.id, judged.distance_m, judged.q, judged.sd, judged.verdict,
           w * judged.q - kappa * judged.sd - beta_per_m * coalesce(judged.distance_m, 0) AS utility,
           judged.is_doubtful
    FROM (
        SELECT known.id, known.distance_m, known.q, known.sd, known.open_during, known.unknown_during, known.is_doubtful,
               open_at + make_interval(secs => coalesce(known.distance_m, 0) * seconds_to_arrive_per_m) AS moment,
               facility_search.verdict(known.q, known.sd, known.rating_count, sit_at_least, squat_at_most) AS verdict
        FROM (
            SELECT f.id, f.rating_count, f.open_during, f.unknown_during, f.status = 'reported_closed' AS is_doubtful,
                   ST_DistanceSphere(f.location, origin) AS distance_m,
                   facility_search.quality(f.weight_slow * decay_slow, f.stars_slow * decay_slow,
                       f.weight_fast * decay_fast, f.stars_fast * decay_fast, c_record, c_present, prior) AS q,
                   facility_search.standard_deviation(f.weight_slow * decay_slow, f.weight_fast * decay_fast,
                       c_record, c_present, sigma) AS sd
            FROM facility f
            WHERE f.status IN ('active', 'reported_closed')
              AND (f.location && box_1 OR f.location && box_2)
              AND facility_search.meets(f.offers, f.access, f.wheelchair, f.fee, f.changing_table, f.all_gender,
                      kinds, access_asked, wheelchair_asked, fee_asked, changing_table_asked, all_gender_asked)
            OFFSET 0  -- a fence: each distance and quality is computed once, not wherever it is named
        ) AS known
        WHERE within_m IS NULL OR known.distance_m <= within_m
        OFFSET 0
    ) AS judged
    WHERE (verdicts IS NULL OR judged.verdict = ANY (verdicts))
      AND (open_states IS NULL
           OR facility_search.open_state(judged.open_during, judged.unknown_during, judged.moment) = ANY (open_states))
    ORDER BY judged.is_doubtful, utility DESC, judged.id
    LIMIT how_many;
END $$;

-- The exact best how_many within radius_m of origin; where there is none, of the whole Earth, and widened says so.
--
-- U = w*q - kappa*sd - beta*d and q is at most max_stars, so that nothing farther than (w*max_stars - U_k)/beta can
-- enter the best k: a disc is searched, the bound follows from the k-th best found in it, and if it lies outside the
-- disc, the bound's disc is searched once more. How wide to begin is only a guess, from where the nearest stand.
-- What is reported closed comes behind everything else, however far that is: it bounds nothing.
CREATE FUNCTION facility_search.nearby(
    origin geometry, radius_m float8, needs facility_search.needs, ranking facility_search.ranking,
    model facility_search.quality_model, how_many bigint, OUT best facility_search.ranked[], OUT widened boolean
) LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    half_circumference_m CONSTANT float8 := 20015115;  -- no two points are farther apart
    usual_shortfall_stars CONSTANT float8 := 2;         -- of the k-th best against a perfect place where it stands
    spare CONSTANT float8 := 1.5;                       -- grow the area to hold this much more than seems needed
    reach_least_m CONSTANT float8 := 100;               -- a disc must have some width to grow from
    growth_most CONSTANT float8 := 3;                   -- but the disc's radius no faster than this
    max_stars CONSTANT float8 := 5;
    limit_m float8 := least(radius_m, half_circumference_m);
    reach_m float8;
    bound_m float8;
    sure_count float8;
BEGIN
    widened := false;
    SELECT least(limit_m, greatest(reach_least_m, max(ST_DistanceSphere(nearest.location, origin)))
                          + ranking.quality_weight * usual_shortfall_stars / ranking.beta_per_m)
    INTO reach_m
    FROM (SELECT f.location FROM facility f
          WHERE f.status IN ('active', 'reported_closed')
          ORDER BY f.location <-> origin LIMIT how_many) AS nearest;
    LOOP
        best := ARRAY(SELECT b FROM facility_search.best_within(
            facility_search.boxes_around(origin, reach_m), origin, reach_m, needs, ranking, model, how_many) AS b);
        IF reach_m >= limit_m THEN
            EXIT WHEN cardinality(best) > 0 OR limit_m >= half_circumference_m;
            widened := true;
            limit_m := half_circumference_m;
        END IF;
        sure_count := (SELECT count(*) FROM unnest(best) AS b WHERE NOT b.is_doubtful);
        bound_m := reach_m * least(growth_most, sqrt(spare * how_many / greatest(sure_count, 1)));
        IF sure_count = how_many THEN
            bound_m := (ranking.quality_weight * max_stars - best[how_many].utility) / ranking.beta_per_m;
            EXIT WHEN bound_m <= reach_m;
        END IF;
        reach_m := least(bound_m, limit_m);
    END LOOP;
END $$;

-- One facility judged as the search judges it, without an origin; no row where there is none that may be shown.
CREATE FUNCTION facility_search.one(wanted_id bigint, model facility_search.quality_model)
RETURNS SETOF facility_search.ranked LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT judged.id, NULL::float8, judged.q, judged.sd,
           facility_search.verdict(judged.q, judged.sd, judged.rating_count,
                                   model.sit_at_least_stars, model.squat_at_most_stars),
           NULL::float8, judged.is_doubtful
    FROM (
        SELECT f.id, f.rating_count, f.status = 'reported_closed' AS is_doubtful,
               facility_search.quality(
                   f.weight_slow * model.decay_slow, f.stars_slow * model.decay_slow,
                   f.weight_fast * model.decay_fast, f.stars_fast * model.decay_fast,
                   model.record_credibility, model.present_credibility, model.prior_mean_stars) AS q,
               facility_search.standard_deviation(
                   f.weight_slow * model.decay_slow, f.weight_fast * model.decay_fast,
                   model.record_credibility, model.present_credibility, model.stars_sigma) AS sd
        FROM facility f
        WHERE f.id = wanted_id AND f.status <> 'hidden'
    ) AS judged;
END $$;

-- What a reply says of each of the ranked, in their order.
CREATE FUNCTION facility_search.cards(
    best facility_search.ranked[], origin geometry, needs facility_search.needs, ranking facility_search.ranking,
    as_of timestamptz
) RETURNS TABLE (
    id bigint, kind text, offers text[], name text, venue text, status text, lon float8, lat float8,
    access text, wheelchair text, fee text, changing_table text, all_gender text, male text, female text,
    shower text, drinking_water text, operator text, level text,
    street text, house_number text, postcode text, city text, region text, country text,
    opening_hours text, opening_hours_note text, open_checked_at timestamptz, open_state text, open_until timestamptz,
    rating_count bigint, demo_rating_count bigint, excluded_rating_count bigint, mean_stars float8, last_rated_at timestamptz,
    quality float8, sd float8, verdict text, utility float8,
    distance_m float8, bearing_deg float8, duration_s float8, sources jsonb
) LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, f.kind, f.offers, f.name, f.venue, f.status, ST_X(f.location), ST_Y(f.location),
           f.access, f.wheelchair, f.fee, f.changing_table, f.all_gender, f.male, f.female,
           f.shower, f.drinking_water, f.operator, f.level,
           f.street, f.house_number, f.postcode, f.city, f.region, f.country,
           f.opening_hours, f.opening_hours_note, moment.at,
           told.state, CASE WHEN NOT f.unknown_during @> ending.at THEN ending.at END,
           f.rating_count, f.demo_rating_count, f.excluded_rating_count, f.stars_total::float8 / nullif(f.rating_count, 0), f.last_rated_at,
           b.quality, b.sd, b.verdict, b.utility,
           b.distance_m, facility_search.initial_bearing_deg(origin, f.location),
           b.distance_m * ranking.seconds_per_m,
           (SELECT jsonb_agg(jsonb_build_object(
                       'dataset', d.name, 'external_id', s.external_id, 'licence', d.licence,
                       'attribution', d.attribution, 'url', d.url,
                       'seen_at', CASE WHEN s.vanished_at IS NULL THEN
                           to_char(d.imported_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END) ORDER BY d.name, s.external_id)
            FROM facility_source s JOIN dataset d ON d.id = s.dataset_id
            WHERE s.facility_id = f.id)
    FROM unnest(best) WITH ORDINALITY AS b (facility_id, distance_m, quality, sd, verdict, utility, is_doubtful, place)
    JOIN facility f ON f.id = b.facility_id
    CROSS JOIN LATERAL (SELECT coalesce(needs.open_at, as_of) + make_interval(
        secs => CASE WHEN needs.open_on_arrival THEN b.distance_m * ranking.seconds_per_m ELSE 0 END) AS at) AS moment
    CROSS JOIN LATERAL (SELECT
        facility_search.open_state(f.open_during, f.unknown_during, moment.at) AS state,
        tstzmultirange(tstzrange(moment.at, NULL)) AS from_now OFFSET 0) AS told
    -- When the state ends: at the first instant that is not open, or not closed; NULL if that is the start of the unknown.
    CROSS JOIN LATERAL (SELECT lower(CASE told.state
        WHEN 'open' THEN told.from_now - f.open_during
        WHEN 'closed' THEN told.from_now * (f.open_during + f.unknown_during) END) AS at OFFSET 0) AS ending
    ORDER BY b.place;
END $$;
