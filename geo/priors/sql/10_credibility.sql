-- C0 and C of each kind whose ratings say enough about them: facility_search.fitted_credibility of the pairs of ratings of
-- one place. A device has one rating of a place, so both of a pair are by different devices.
--
-- The sums over the pairs of a bin are differences of running sums over the ratings before: its cost is that of sorting
-- the ratings, also where a place has thousands.
WITH kind AS (
    SELECT kind, facility_search.kind_mean(sum(w / (w + :record_credibility)), sum(s / (w + :record_credibility))) AS mean
    FROM (SELECT kind, weight_slow * decay.slow AS w, stars_slow * decay.slow AS s
          FROM facility, facility_search.decay(:as_of, facility_search.slow_half_life_days()) AS decay (slow)
          WHERE facility_search.is_listed(status)) AS place
    GROUP BY kind
), known AS (
    SELECT facility.kind, facility.id AS facility_id, rating.weight,
           rating.weight * (rating.stars - kind.mean) AS deviation,
           rating.weight * (rating.stars - kind.mean) ^ 2 AS square,
           date_part('epoch', rating.rated_at - :as_of) / 86400 AS day,
           count(*) OVER (PARTITION BY facility.id)::float8 AS ratings
    FROM facility
    JOIN kind ON kind.kind = facility.kind
    CROSS JOIN LATERAL facility_search.weighed_ratings(facility.id) AS rating
    WHERE facility_search.is_listed(facility.status) AND facility.rating_count > 0 AND NOT rating.excluded
), preceded AS (
    SELECT kind, ratings, weight, deviation,
           ARRAY[sum(weight) OVER e1, sum(weight) OVER e2, sum(weight) OVER e3, sum(weight) OVER e4, sum(weight) OVER e5,
                 sum(weight) OVER e6, sum(weight) OVER e7, sum(weight) OVER e8, sum(weight) OVER e9,
                 sum(weight) OVER e10] AS weight_before,
           ARRAY[sum(deviation) OVER e1, sum(deviation) OVER e2, sum(deviation) OVER e3, sum(deviation) OVER e4,
                 sum(deviation) OVER e5, sum(deviation) OVER e6, sum(deviation) OVER e7, sum(deviation) OVER e8,
                 sum(deviation) OVER e9, sum(deviation) OVER e10] AS deviation_before
    FROM known
    WINDOW place AS (PARTITION BY facility_id ORDER BY day),
        -- Of ratings of the same instant each pair counts once.
        e1 AS (place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        e2 AS (place RANGE BETWEEN UNBOUNDED PRECEDING AND (facility_search.lag_edges_days())[2] PRECEDING),
        e3 AS (place RANGE BETWEEN UNBOUNDED PRECEDING AND (facility_search.lag_edges_days())[3] PRECEDING),
        e4 AS (place RANGE BETWEEN UNBOUNDED PRECEDING AND (facility_search.lag_edges_days())[4] PRECEDING),
        e5 AS (place RANGE BETWEEN UNBOUNDED PRECEDING AND (facility_search.lag_edges_days())[5] PRECEDING),
        e6 AS (place RANGE BETWEEN UNBOUNDED PRECEDING AND (facility_search.lag_edges_days())[6] PRECEDING),
        e7 AS (place RANGE BETWEEN UNBOUNDED PRECEDING AND (facility_search.lag_edges_days())[7] PRECEDING),
        e8 AS (place RANGE BETWEEN UNBOUNDED PRECEDING AND (facility_search.lag_edges_days())[8] PRECEDING),
        e9 AS (place RANGE BETWEEN UNBOUNDED PRECEDING AND (facility_search.lag_edges_days())[9] PRECEDING),
        e10 AS (place RANGE BETWEEN UNBOUNDED PRECEDING AND (facility_search.lag_edges_days())[10] PRECEDING)
), bin AS (
    SELECT kind, j,
           sum(weight * (coalesce(weight_before[j], 0) - coalesce(weight_before[j + 1], 0)) / ratings) AS pair_weight,
           sum(deviation * (coalesce(deviation_before[j], 0) - coalesce(deviation_before[j + 1], 0)) / ratings) AS product
    FROM preceded CROSS JOIN generate_series(1, cardinality(facility_search.lag_edges_days()) - 1) AS j
    GROUP BY kind, j
), pairs AS (
    SELECT kind, array_agg(coalesce(product / nullif(pair_weight, 0), 0) ORDER BY j) AS covariances,
           array_agg(pair_weight ORDER BY j) AS pair_weights
    FROM bin
    GROUP BY kind
    HAVING sum(pair_weight) >= :pair_weight_at_least
), total AS (
    SELECT kind, sum(square / sqrt(ratings)) / sum(weight / sqrt(ratings)) AS variance FROM known GROUP BY kind
)
SELECT kind, fitted.record_credibility, fitted.present_credibility
FROM pairs JOIN total USING (kind)
CROSS JOIN LATERAL facility_search.fitted_credibility(pairs.covariances, pairs.pair_weights, total.variance) AS fitted
