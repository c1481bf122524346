-- Counts all facilities that move far. Counts, in a sample of the rows, those far from where the dataset listed the same
-- facility or, for a new one, any; and those near no listed facility that are near one with longitude and latitude
-- exchanged. The index of listed facilities finds the nearest one (<->, in degrees); for EXISTS it is not used.
WITH sampled AS (
    SELECT staged.location, ST_FlipCoordinates(staged.location) AS exchanged, known.location AS known_location
    FROM resolved JOIN staged USING (row_number) LEFT JOIN facility AS known ON known.id = resolved.facility_id
    WHERE mod(resolved.row_number, greatest(1, (SELECT count(*) FROM resolved) / :sample_rows)) = 0
), gaps AS (
    SELECT location, known_location,
           (SELECT facility.location <-> sampled.location FROM facility WHERE facility_search.is_listed(status)
            ORDER BY facility.location <-> sampled.location LIMIT 1) AS gap_deg,
           (SELECT facility.location <-> sampled.exchanged FROM facility WHERE facility_search.is_listed(status)
            ORDER BY facility.location <-> sampled.exchanged LIMIT 1) AS exchanged_gap_deg
    FROM sampled
), listed AS (
    SELECT DISTINCT ST_SnapToGrid(place.location, :grid_deg) AS location
    FROM facility_source AS source JOIN facility AS place ON place.id = coalesce(source.record_id, source.facility_id)
    WHERE source.dataset_id = :dataset_id AND source.vanished_at IS NULL
)
SELECT (SELECT count(*) FROM resolved JOIN staged USING (row_number) JOIN facility AS known ON known.id = facility_id
        WHERE outcome = 'changed' AND ST_DistanceSphere(staged.location, known.location) > :far_m) AS moved,
       count(*) AS examined,
       count(*) FILTER (WHERE CASE
           WHEN known_location IS NOT NULL THEN ST_DistanceSphere(location, known_location) > :far_m
           ELSE EXISTS (SELECT FROM listed) AND NOT EXISTS (
               SELECT FROM listed WHERE ST_DistanceSphere(listed.location, gaps.location) <= :far_m
           ) END) AS far,
       count(*) FILTER (WHERE gap_deg > :near_deg AND exchanged_gap_deg <= :near_deg) AS exchanged
FROM gaps
