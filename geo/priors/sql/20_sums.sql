-- The sums of facility_search.kind_mean over the listed places of each kind, by their operator and brand as spelled.
SELECT kind, operator, brand, count(*) AS places,
       sum(w / (w + record_credibility)) AS credibility, sum(s / (w + record_credibility)) AS credible_stars
FROM (
    SELECT kind, operator, tags ->> 'brand' AS brand, weight_slow * decay.slow AS w, stars_slow * decay.slow AS s
    FROM facility, facility_search.decay(:as_of, facility_search.slow_half_life_days()) AS decay (slow)
    WHERE facility_search.is_listed(status)
) AS place
JOIN unnest(CAST(:kinds AS text[]), CAST(:record_credibilities AS float8[])) AS kind (kind, record_credibility) USING (kind)
GROUP BY kind, operator, brand
