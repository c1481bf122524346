-- Quality of a facility from its ratings: docs/ranking.md has the formulas; bench/reference/quality.py has them in Python.

-- The factor that converts a forward-decayed sum of the database to one at as_of.
CREATE FUNCTION facility_search.decay(as_of timestamptz, half_life_days float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    power(2, extract(epoch FROM facility_search.landmark() - as_of)::float8 / (86400 * half_life_days));

-- q from sums already decayed to as_of: shrunk to its own record, which is shrunk to the prior. prior_stars is mu,
-- record_credibility C0 and present_credibility C, which stand with the facility.
CREATE FUNCTION facility_search.quality(
    weight_slow float8, stars_slow float8, weight_fast float8, stars_fast float8,
    prior_stars float8, record_credibility float8, present_credibility float8
) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    (present_credibility * (record_credibility * prior_stars + stars_slow) / (record_credibility + weight_slow) + stars_fast)
    / (present_credibility + weight_fast);

-- sd: sqrt(sigma^2/(C+W_fast) + (C/(C+W_fast))^2 * sigma^2/(C0+W_slow)), with the common factor taken out.
CREATE FUNCTION facility_search.standard_deviation(
    weight_slow float8, weight_fast float8, record_credibility float8, present_credibility float8
) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    facility_search.stars_sigma() / (present_credibility + weight_fast)
    * sqrt(present_credibility + weight_fast + present_credibility ^ 2 / (record_credibility + weight_slow));

CREATE FUNCTION facility_search.verdict(q float8, sd float8, rating_count bigint)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN rating_count = 0 THEN 'unrated'
         WHEN q - sd >= facility_search.sit_at_least_stars() THEN 'sit'
         WHEN q + sd <= facility_search.squat_at_most_stars() THEN 'squat'
         ELSE 'unsure' END;

-- q and sd at as_of from the stored sums of a facility and its prior. decay_slow and decay_fast are the factors of
-- facility_search.decay, which are the same for all facilities, so that callers compute them once.
CREATE FUNCTION facility_search.quality_at(
    weight_slow float8, stars_slow float8, weight_fast float8, stars_fast float8,
    prior_stars float8, record_credibility float8, present_credibility float8, decay_slow float8, decay_fast float8
) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    facility_search.quality(
        weight_slow * decay_slow, stars_slow * decay_slow, weight_fast * decay_fast, stars_fast * decay_fast,
        prior_stars, record_credibility, present_credibility);

CREATE FUNCTION facility_search.standard_deviation_at(
    weight_slow float8, weight_fast float8, record_credibility float8, present_credibility float8,
    decay_slow float8, decay_fast float8
) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    facility_search.standard_deviation(
        weight_slow * decay_slow, weight_fast * decay_fast, record_credibility, present_credibility);

-- q, sd and verdict at as_of. The planner replaces the call by this query, which it joins to each facility. For a few
-- facilities that costs nothing; best_within, which judges hundreds, would take 4 % longer and calls the functions above.
CREATE FUNCTION facility_search.judged(
    weight_slow float8, stars_slow float8, weight_fast float8, stars_fast float8,
    prior_stars float8, record_credibility float8, present_credibility float8,
    rating_count bigint, decay_slow float8, decay_fast float8
) RETURNS TABLE (q float8, sd float8, verdict text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 BEGIN ATOMIC
    SELECT estimate.q, estimate.sd, facility_search.verdict(estimate.q, estimate.sd, rating_count)
    FROM (
        SELECT facility_search.quality_at(weight_slow, stars_slow, weight_fast, stars_fast,
                   prior_stars, record_credibility, present_credibility, decay_slow, decay_fast) AS q,
               facility_search.standard_deviation_at(weight_slow, weight_fast, record_credibility, present_credibility,
                   decay_slow, decay_fast) AS sd
        OFFSET 0  -- an optimisation fence: each is computed once
    ) AS estimate;
END;
