-- The exact ranking of facilities that meet the needs: in an area, around a point, or one facility.

-- Whether a search may return facilities of this status. The planner replaces the call by the expression, which is the
-- predicate of the index ix_facility_location_offered.
CREATE FUNCTION facility_search.is_listed(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN status IN ({listed_statuses});

-- Whether everybody can see facilities of this status.
CREATE FUNCTION facility_search.is_public(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN status IN ({public_statuses});

-- Whether more than most facilities are listed in either box, whatever they offer. It stops counting there.
CREATE FUNCTION facility_search.has_more_than(area facility_search.boxes, most bigint) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN most < (SELECT count(*) FROM (
        SELECT FROM facility f
        WHERE facility_search.is_listed(f.status)
          AND (f.location && area.box OR f.location && area.box_beyond_antimeridian)
        LIMIT most + 1) AS counted);
END $$;

-- Refuse to look at an area. geo/facilities/search.py knows the code of the error.
CREATE FUNCTION facility_search.refuse_area() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'more than % facilities', facility_search.most_looked_at() USING ERRCODE = '{too_many_facilities}';
END $$;

-- to_m if no more than most facilities are listed within it; else the largest radius of which that is true, from sure_m on,
-- which is not counted, in steps that grow by half.
CREATE FUNCTION facility_search.bounded_reach_m(origin geometry, sure_m float8, to_m float8, most bigint) RETURNS float8
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    growth CONSTANT float8 := 1.5;  -- all discs together cost less than twice the last
    reach_m float8 := least(sure_m, to_m);
    next_m float8;
BEGIN
    IF NOT facility_search.has_more_than(facility_search.boxes_around(origin, to_m), most) THEN
        RETURN to_m;
    END IF;
    LOOP
        next_m := growth * reach_m;
        EXIT WHEN next_m >= to_m OR facility_search.has_more_than(facility_search.boxes_around(origin, next_m), most);
        reach_m := next_m;
    END LOOP;
    RETURN reach_m;
END $$;

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
    seconds_per_m CONSTANT float8 := ranking.seconds_per_m;
    seconds_to_arrive_per_m CONSTANT float8 := CASE WHEN needs.open_on_arrival THEN seconds_per_m ELSE 0 END;
    w CONSTANT float8 := ranking.quality_weight;
    kappa CONSTANT float8 := ranking.kappa;
    beta_per_m CONSTANT float8 := ranking.beta_per_m;
    decay_slow CONSTANT float8 := facility_search.decay(as_of, facility_search.slow_half_life_days());
    decay_fast CONSTANT float8 := facility_search.decay(as_of, facility_search.fast_half_life_days());
    candidate record;
    found facility_search.ranked;
    later facility_search.ranked[];
    found_count bigint := 0;
BEGIN
    -- Hours take longer to read than all else: they are read of the best candidates only, until enough are found.
    FOR candidate IN
        SELECT known.id, known.distance_m, known.q, known.sd,
               facility_search.verdict(known.q, known.sd, known.rating_count) AS verdict,
               w * known.q - kappa * known.sd - beta_per_m * coalesce(known.distance_m, 0) AS utility,
               known.status, known.out_of_order_until, known.open_during, known.unknown_during
        FROM (
            SELECT near.id, near.distance_m, near.rating_count, near.status, near.out_of_order_until,
                   near.open_during, near.unknown_during,
                   facility_search.quality_at(near.weight_slow, near.stars_slow, near.weight_fast, near.stars_fast,
                       near.prior_stars, near.record_credibility, near.present_credibility, decay_slow, decay_fast) AS q,
                   facility_search.standard_deviation_at(near.weight_slow, near.weight_fast,
                       near.record_credibility, near.present_credibility, decay_slow, decay_fast) AS sd
            FROM (
                SELECT f.*, ST_DistanceSphere(f.location, origin) AS distance_m
                FROM facility f
                WHERE facility_search.is_listed(f.status)
                  AND (f.location && box_1 OR f.location && box_2)
                  AND f.traits & ruled_out = 0 AND f.traits & offered <> 0
                OFFSET 0  -- an optimisation fence: each distance, and each quality below, is computed once
            ) AS near
            WHERE within_m IS NULL OR near.distance_m <= within_m
            OFFSET 0
        ) AS known
        WHERE verdicts IS NULL OR facility_search.verdict(known.q, known.sd, known.rating_count) = ANY (verdicts)
        ORDER BY utility DESC, known.id
    LOOP
        CONTINUE WHEN open_states IS NOT NULL AND facility_search.open_state(
            candidate.open_during, candidate.unknown_during,
            open_at + make_interval(secs => coalesce(candidate.distance_m, 0) * seconds_to_arrive_per_m)
        ) <> ALL (open_states);
        found := (candidate.id, candidate.distance_m, candidate.q, candidate.sd, candidate.verdict, candidate.utility,
                  CASE WHEN candidate.status = 'reported_closed' THEN 'reported_closed'
                       WHEN candidate.out_of_order_until > as_of THEN 'out_of_order'
                       WHEN open_states IS NULL AND facility_search.open_state(
                               candidate.open_during, candidate.unknown_during,
                               as_of + make_interval(secs => coalesce(candidate.distance_m, 0) * seconds_per_m)
                           ) = 'closed' THEN 'closed_on_arrival' END);
        IF found.last_because IS NULL THEN
            RETURN NEXT found;
            found_count := found_count + 1;
            EXIT WHEN found_count = how_many;
        ELSE
            later := later || found;
        END IF;
    END LOOP;
    RETURN QUERY SELECT * FROM unnest(later) LIMIT how_many - found_count;
END $$;

-- The exact best how_many within radius_m of origin.
--
-- U = w*q - kappa*sd - beta*d and q is at most 5, because stars and priors are. So no facility farther than
-- (w*5 - U_k)/beta can be among the best k. A disc is searched, the k-th best found in it gives the bound, and if the
-- bound lies outside the disc, the bound's disc is searched. The size of the first disc is only a guess: too small costs
-- another round, too large some unnecessary facilities.
-- Places that are ranked after all others come there at any distance, so they give no bound.
-- A disc of more than most_looked_at() facilities is refused, or else the result is the best within looked_to_m; a disc of
-- uncounted_m() is not counted.
CREATE FUNCTION facility_search.best_around(
    origin geometry, radius_m float8, needs facility_search.needs, ranking facility_search.ranking,
    as_of timestamptz, how_many bigint, refuses boolean, OUT best facility_search.ranked[], OUT looked_to_m float8
) LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    half_circumference_m CONSTANT float8 := 20015115;  -- no two points are farther apart
    most CONSTANT bigint := facility_search.most_looked_at();
    usual_shortfall_stars CONSTANT float8 := 2;         -- of the k-th best, compared with a perfect place at its position
    reach_least_m CONSTANT float8 := 100;               -- the radius to grow from
    spare CONSTANT float8 := 4;                         -- grow the area to hold this many times the missing number
    growth_most CONSTANT float8 := 8;                   -- maximum growth of the radius per round
    limit_m float8 := least(radius_m, half_circumference_m);
    shortfall_m CONSTANT float8 := ranking.quality_weight * usual_shortfall_stars / ranking.beta_per_m;
    reach_m float8;
    bound_m float8;
    sure_count float8;
BEGIN
    -- The limit is a literal: with how_many, the planner would assume a tenth of all facilities and read the whole table.
    SELECT least(limit_m, shortfall_m + greatest(reach_least_m,
               sqrt(greatest(1, how_many / 20.0)) * max(ST_DistanceSphere(nearest.location, origin)))) INTO reach_m
    FROM (SELECT f.location FROM facility f
          WHERE facility_search.is_listed(f.status)
          ORDER BY f.location <-> origin LIMIT 20) AS nearest;
    LOOP
        IF reach_m > facility_search.uncounted_m()
           AND facility_search.has_more_than(facility_search.boxes_around(origin, reach_m), most) THEN
            IF refuses THEN
                PERFORM facility_search.refuse_area();
            END IF;
            limit_m := facility_search.bounded_reach_m(
                origin, greatest(looked_to_m, facility_search.uncounted_m()), reach_m, most);
            reach_m := limit_m;
        END IF;
        best := ARRAY(SELECT b FROM facility_search.best_within(
            facility_search.boxes_around(origin, reach_m), origin, reach_m, needs, ranking, as_of, how_many) AS b);
        looked_to_m := reach_m;
        EXIT WHEN reach_m >= limit_m;
        IF best[how_many].facility_id IS NOT NULL AND best[how_many].last_because IS NULL THEN
            bound_m := (ranking.quality_weight * facility_search.max_stars() - best[how_many].utility) / ranking.beta_per_m;
            EXIT WHEN bound_m <= reach_m;
        ELSE
            sure_count := (SELECT count(*) FROM unnest(best) AS b WHERE b.last_because IS NULL);
            bound_m := reach_m * least(growth_most, sqrt(spare * how_many / greatest(sure_count, 1)));
        END IF;
        reach_m := least(bound_m, limit_m);
    END LOOP;
END $$;

-- The exact best how_many within radius_m of origin. If there are none, nearest_m is the distance of the nearest
-- facility that meets the needs, and the result is the exact best within twice that, both at most widest_m(), and not
-- beyond most_looked_at() facilities.
CREATE FUNCTION facility_search.nearby(
    origin geometry, radius_m float8, needs facility_search.needs, ranking facility_search.ranking,
    as_of timestamptz, how_many bigint, OUT best facility_search.ranked[], OUT nearest_m float8
) LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    widest_m CONSTANT float8 := facility_search.widest_m();
    most CONSTANT bigint := facility_search.most_looked_at();
    growth CONSTANT float8 := 2;  -- of the radius of an empty disc: all discs together cost a third more than the last
    reach_m float8 := radius_m;
BEGIN
    best := (facility_search.best_around(origin, radius_m, needs, ranking, as_of, how_many, true)).best;
    WHILE cardinality(best) = 0 AND nearest_m IS NULL AND reach_m < widest_m LOOP
        reach_m := least(reach_m * growth, widest_m);
        EXIT WHEN facility_search.has_more_than(facility_search.boxes_around(origin, reach_m), most);
        SELECT min(b.distance_m) INTO nearest_m FROM facility_search.best_within(
            facility_search.boxes_around(origin, reach_m), origin, reach_m, needs, ranking, as_of, NULL) AS b;
    END LOOP;
    IF nearest_m IS NOT NULL THEN
        best := (facility_search.best_around(
            origin, least(2 * nearest_m, widest_m), needs, ranking, as_of, how_many, false)).best;
    END IF;
END $$;

-- One facility with the figures of a search, without an origin; no row if it does not exist, is hidden or was merged.
CREATE FUNCTION facility_search.one(wanted_id bigint, as_of timestamptz)
RETURNS SETOF facility_search.ranked LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    decay_slow CONSTANT float8 := facility_search.decay(as_of, facility_search.slow_half_life_days());
    decay_fast CONSTANT float8 := facility_search.decay(as_of, facility_search.fast_half_life_days());
BEGIN
    RETURN QUERY
    SELECT f.id, NULL::float8, judged.q, judged.sd, judged.verdict, NULL::float8,
           CASE WHEN f.status = 'reported_closed' THEN 'reported_closed'
                WHEN f.out_of_order_until > as_of THEN 'out_of_order' END
    FROM facility f
    CROSS JOIN LATERAL facility_search.judged(f.weight_slow, f.stars_slow, f.weight_fast, f.stars_fast,
                           f.prior_stars, f.record_credibility, f.present_credibility,
                           f.rating_count, decay_slow, decay_fast) AS judged
    WHERE f.id = wanted_id AND facility_search.is_public(f.status);
END $$;
