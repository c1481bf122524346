-- Counts, in a sample of the rows, those that are near no listed facility, but near one with longitude and latitude swapped.
-- The index finds the nearest facility (<->, in degrees); for EXISTS the planner does not use it.
WITH sampled AS (
    SELECT staged.location, ST_FlipCoordinates(staged.location) AS swapped
    FROM resolved JOIN staged USING (row_number)
    WHERE mod(resolved.row_number, greatest(1, (SELECT count(*) FROM resolved) / :sample_rows)) = 0
), gaps AS (
    SELECT (SELECT facility.location <-> sampled.location FROM facility WHERE facility_search.is_listed(status)
            ORDER BY facility.location <-> sampled.location LIMIT 1) AS gap_deg,
           (SELECT facility.location <-> sampled.swapped FROM facility WHERE facility_search.is_listed(status)
            ORDER BY facility.location <-> sampled.swapped LIMIT 1) AS swapped_gap_deg
    FROM sampled
)
SELECT count(*) AS examined, count(*) FILTER (WHERE gap_deg > :near_deg AND swapped_gap_deg <= :near_deg) AS swapped
FROM gaps
