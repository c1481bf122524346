-- The places that people at origin choose between: the nearest open to the public within radius_m, with their estimates.
-- The limit is a literal, so that the planner uses the index (as in facility_search.best_around).
CREATE FUNCTION facility_search.choices(origin geometry, radius_m float8, as_of timestamptz)
RETURNS TABLE (
    id bigint, kind text, lon float8, lat float8, distance_m float8, quality float8, sd float8, last_rated_at timestamptz
) LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    decay_slow CONSTANT float8 := facility_search.decay(as_of, facility_search.slow_half_life_days());
    decay_fast CONSTANT float8 := facility_search.decay(as_of, facility_search.fast_half_life_days());
BEGIN
    RETURN QUERY
    SELECT near.id, near.kind, ST_X(near.location), ST_Y(near.location), near.distance_m, judged.q, judged.sd,
           near.last_rated_at
    FROM (SELECT f.*, ST_DistanceSphere(f.location, origin) AS distance_m FROM facility f
          WHERE f.status = 'active' AND facility_search.is_listed(f.status)  -- the second is the condition of the index
                AND (f.out_of_order_until > as_of) IS NOT TRUE
          ORDER BY f.location <-> origin LIMIT 60) AS near
    CROSS JOIN LATERAL facility_search.judged(near.weight_slow, near.stars_slow, near.weight_fast, near.stars_fast,
                           near.prior_stars, near.record_credibility, near.present_credibility,
                           near.rating_count, decay_slow, decay_fast) AS judged
    WHERE near.distance_m <= radius_m;
END $$;
