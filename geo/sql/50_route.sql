-- Finds facilities along a route and evaluates them for the traveller's arrival. Between the two functions
-- geo/ahead/passes.py computes where the route passes each facility: no PostGIS function returns each pass with its side
-- and time.

-- Every facility in the boxes that meets the needs that do not depend on time or distance, once for each box. Places
-- reported closed or out of order appear in searches, but are not suggested as stops. Boxes of more than
-- most_looked_at() facilities together are refused.
CREATE FUNCTION facility_search.in_boxes(
    pieces int[], west float8[], south float8[], east float8[], north float8[], needs facility_search.needs
) RETURNS TABLE (piece int, facility_id bigint, lon float8, lat float8)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE  -- reading a plain variable takes a tenth of the time of a row's field, for each facility
    offered CONSTANT bigint := needs.offered;
    ruled_out CONSTANT bigint := needs.ruled_out;
BEGIN
    RETURN QUERY
    WITH near AS MATERIALIZED (
        SELECT box.piece, f.id, f.location, f.traits
        FROM unnest(pieces, west, south, east, north) AS box (piece, west, south, east, north)
        JOIN facility f ON f.location && ST_MakeEnvelope(box.west, box.south, box.east, box.north, 4326)
        WHERE f.status = 'active'
        LIMIT CAST(facility_search.most_looked_at() AS bigint) + 1
    )
    SELECT near.piece, near.id, ST_X(near.location), ST_Y(near.location)
    FROM near
    WHERE near.traits & ruled_out = 0 AND near.traits & offered <> 0
      AND (SELECT count(*) <= facility_search.most_looked_at() OR facility_search.refuse_area() FROM near);
END $$;

-- Each facility, evaluated for its own arrival and offset from the route; those that do not meet the needs then are
-- omitted. number is the 1-based index of the pass in the input.
CREATE FUNCTION facility_search.on_passing(
    facility_ids bigint[], depart_at timestamptz, arrivals_s int[], offsets_m float8[], needs facility_search.needs,
    ranking facility_search.ranking, as_of timestamptz
) RETURNS TABLE (number bigint, quality float8, sd float8, verdict text, utility float8, open_state text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    verdicts CONSTANT text[] := needs.verdicts;
    open_states CONSTANT text[] := needs.open_states;
    w CONSTANT float8 := ranking.quality_weight;
    kappa CONSTANT float8 := ranking.kappa;
    beta_per_m CONSTANT float8 := ranking.beta_per_m;
    decay_slow CONSTANT float8 := facility_search.decay(as_of, facility_search.slow_half_life_days());
    decay_fast CONSTANT float8 := facility_search.decay(as_of, facility_search.fast_half_life_days());
BEGIN
    RETURN QUERY
    SELECT pass.number, judged.q, judged.sd, judged.verdict,
           w * judged.q - kappa * judged.sd - beta_per_m * pass.offset_m, arrival.open_state
    FROM unnest(facility_ids, arrivals_s, offsets_m) WITH ORDINALITY AS pass (facility_id, arrive_s, offset_m, number)
    JOIN facility f ON f.id = pass.facility_id
    CROSS JOIN LATERAL facility_search.judged(f.weight_slow, f.stars_slow, f.weight_fast, f.stars_fast,
                           f.prior_stars, f.record_credibility, f.present_credibility,
                           f.rating_count, decay_slow, decay_fast) AS judged
    CROSS JOIN LATERAL (
        SELECT facility_search.open_state(f.open_during, f.unknown_during,
                   depart_at + make_interval(secs => pass.arrive_s)) AS open_state
        OFFSET 0  -- an optimisation fence: each state is computed once
    ) AS arrival
    WHERE f.status = 'active' AND (f.out_of_order_until > as_of) IS NOT TRUE
      AND (verdicts IS NULL OR judged.verdict = ANY (verdicts))
      AND (open_states IS NULL OR arrival.open_state = ANY (open_states));
END $$;

-- A card with its number.
CREATE TYPE facility_search.numbered_card AS (number bigint, card facility_search.card);

-- The cards of facilities that are passed, each as of its own arrival, numbered from 1 in the order of the arrays, which
-- have one element for each pass. Distances are measured from origin; without an origin they are NULL.
CREATE FUNCTION facility_search.cards_on_passing(
    facility_ids bigint[], depart_at timestamptz, arrivals_s int[], qualities float8[], sds float8[], verdicts text[],
    utilities float8[], origin geometry, needs facility_search.needs, ranking facility_search.ranking
) RETURNS SETOF facility_search.numbered_card
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT pass.number, card
    FROM unnest(facility_ids, arrivals_s, qualities, sds, verdicts, utilities) WITH ORDINALITY
             AS pass (facility_id, arrive_s, quality, sd, verdict, utility, number)
    JOIN facility f ON f.id = pass.facility_id
    CROSS JOIN LATERAL facility_search.cards(
        ARRAY[(pass.facility_id, ST_DistanceSphere(f.location, origin), pass.quality, pass.sd, pass.verdict, pass.utility,
               NULL)::facility_search.ranked],
        origin, needs, ranking, depart_at + make_interval(secs => pass.arrive_s)) AS card
    ORDER BY pass.number;
END $$;
