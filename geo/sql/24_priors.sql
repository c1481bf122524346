-- Prior means of kinds and groups of places, and the credibilities C0 and C, from the ratings: docs/ranking.md, "Priors";
-- bench/reference/priors.py has the formulas in Python. geo/priors applies them to all places each night.
--
-- A place counts by the credibility z = W/(W + C0) of its own record. Its credible stars are z times its own mean, which
-- is S/(W + C0). W and S are its slow sums at the instant of the estimate.

-- Stars on the scale: rounding errors of a mean of equal stars may leave it.
CREATE FUNCTION facility_search.on_scale(stars float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    least(facility_search.max_stars(), greatest(1, stars));

-- mu of a kind from the sums over its places. At most one place's worth of ratings tells nothing.
CREATE FUNCTION facility_search.kind_mean(credibility float8, credible_stars float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN credibility > 1 THEN facility_search.on_scale(credible_stars / credibility)
         ELSE facility_search.prior_mean_stars() END;

-- mu of a group from the sums over its places, shrunk to that of its kind: kind_places is k of group_credibility.
CREATE FUNCTION facility_search.group_mean(
    kind_mean float8, kind_places float8, credibility float8, credible_stars float8
) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN kind_places = 'Infinity' THEN kind_mean
         ELSE facility_search.on_scale((kind_places * kind_mean + credible_stars) / (kind_places + credibility)) END;

-- How much the groups of a kind tell, by moments (hierarchical credibility, Bühlmann, Straub and Jewell). The arrays have
-- the sums over the places of each group; groups without ratings and fewer than three groups tell nothing.
CREATE FUNCTION facility_search.group_credibility(
    credibilities float8[], credible_stars float8[], record_credibility float8,
    OUT between_groups float8,  -- b: variance between the groups, in stars²
    OUT f float8,               -- about 1 where groups tell nothing
    OUT kind_places float8      -- k = a/b: how many places' worth of the kind's mean a group starts with
) LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT excess.b, excess.f, coalesce(excess.a / nullif(excess.b, 0), 'Infinity')
    FROM (VALUES (facility_search.stars_sigma() ^ 2 / record_credibility)) AS within_groups (a)
    CROSS JOIN LATERAL (
        SELECT count(*) AS groups, sum(z) AS z, sum(z ^ 2) AS z_squared, sum(y) / sum(z) AS mean
        FROM unnest(credibilities, credible_stars) AS each (z, y) WHERE z > 0
    ) AS total
    CROSS JOIN LATERAL (
        SELECT sum(z * (y / z - total.mean) ^ 2) AS spread
        FROM unnest(credibilities, credible_stars) AS each (z, y) WHERE z > 0
    ) AS observed
    CROSS JOIN LATERAL (
        SELECT within_groups.a,
               CASE WHEN total.groups >= 3 THEN
                   greatest(0, (observed.spread - (total.groups - 1) * within_groups.a)
                               / (total.z - total.z_squared / total.z)) END AS b,
               CASE WHEN total.groups >= 3 THEN observed.spread / ((total.groups - 1) * within_groups.a) END AS f
    ) AS excess;
END;

-- The ends of the bins of the time between two ratings of a place, in days.
CREATE FUNCTION facility_search.lag_edges_days() RETURNS float8[] LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    ARRAY[0, 2, 5, 10, 20, 40, 80, 160, 320, 640]::float8[];

-- C0 and C from how alike two ratings of a place are by the time between them. For each bin of lag_edges_days:
-- covariances[j] is the mean of (r - mu)(r' - mu) over its pairs, pair_weights[j] how much the bin tells;
-- total_variance is the mean of (r - mu)². The components of variance are those of the grid with the least loss. Its last
-- term draws them to what is usual where the pairs tell little.
CREATE FUNCTION facility_search.fitted_credibility(
    covariances float8[], pair_weights float8[], total_variance float8,
    OUT places_variance float8,      -- tau²: between the long-term means of places, in stars²
    OUT drift_variance float8,       -- s²: of a place's state about its long-term mean
    OUT relaxation_days float8,      -- after which the drift has fallen to 1/e
    OUT noise_variance float8,       -- v: what is left
    OUT record_credibility float8,   -- C0
    OUT present_credibility float8,  -- C
    OUT loss float8
) LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT fitted.tau2, fitted.s2, fitted.l, noise.v,
           least(20, greatest(1, (noise.v + fitted.s2) / fitted.tau2)), least(30, greatest(2, noise.v / fitted.s2)),
           fitted.loss
    FROM (
        SELECT tau2, s2, l, misfit.loss
               + 5 * (0.1 * ln(tau2 / 0.2) ^ 2 + 0.1 * ln(s2 / 0.12) ^ 2 + 0.03 * ln(l / 25) ^ 2) AS loss
        FROM unnest(ARRAY[4, 8, 15, 30, 60, 120]::float8[]) AS l
        CROSS JOIN unnest(ARRAY[0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5]::float8[]) AS tau2
        CROSS JOIN unnest(ARRAY[0.03, 0.06, 0.1, 0.14, 0.2, 0.3]::float8[]) AS s2
        CROSS JOIN LATERAL (
            -- A long-term mean keeps 1/e after 1,100 days, about the three years of a cleaning contract.
            SELECT sum(d * (c - tau2 * exp(-lag.m / 1100) - s2 * exp(-lag.m / l)) ^ 2) AS loss
            FROM unnest(covariances, pair_weights) WITH ORDINALITY AS bin (c, d, j)
            CROSS JOIN LATERAL (
                SELECT sqrt(greatest((facility_search.lag_edges_days())[j], 0.7) * (facility_search.lag_edges_days())[j + 1])
            ) AS lag (m)
        ) AS misfit
        ORDER BY loss, l, tau2, s2
        LIMIT 1
    ) AS fitted
    CROSS JOIN LATERAL (SELECT least(1.6, greatest(0.7, total_variance - fitted.tau2 - fitted.s2))) AS noise (v);
END;
