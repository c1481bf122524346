-- Localities whose name is the text or begins with it: a bounded number of each importance, the most important first.
WITH equal AS MATERIALIZED (
    SELECT locality.dataset_id, locality.external_id, locality.location, locality.importance, locality.population, 0 AS match
    FROM locality
    WHERE locality.search_name = :text
    LIMIT {exact_rows}
), longer AS MATERIALIZED (
    SELECT of_one.*, 1 AS match
    FROM generate_series(1, 10) AS importance
    CROSS JOIN LATERAL (
        SELECT locality.dataset_id, locality.external_id, locality.location, locality.importance, locality.population
        FROM locality
        WHERE locality.importance = importance.importance
          AND locality.search_name LIKE :prefix
          AND locality.search_name <> :text
        LIMIT {rows_per_importance}
    ) AS of_one
), best AS (
    SELECT dataset_id, external_id
    FROM (SELECT * FROM equal UNION ALL SELECT * FROM longer) AS candidate
    ORDER BY
        match,
        importance - 2 * log(1 + coalesce(ST_DistanceSphere(location, facility_search.point(:lon, :lat)), 0) / 1000) DESC,
        population DESC NULLS LAST, external_id
    LIMIT {max_candidates}
)
SELECT {columns}
FROM best
JOIN locality USING (dataset_id, external_id)
JOIN gazetteer_dataset AS dataset ON dataset.id = locality.dataset_id
ORDER BY dataset.imported_at DESC
