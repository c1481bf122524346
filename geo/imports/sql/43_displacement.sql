-- Returns how far the dataset moves, in metres: the median of the rows that it listed before or, if there is none, the
-- distance between the middles of the former and the new rows; NULL for a new dataset.
WITH before AS (
    SELECT source.external_id, facility.location
    FROM facility_source AS source
    JOIN facility ON facility.id = coalesce(source.record_id, source.facility_id)
    WHERE source.dataset_id = :dataset_id AND source.vanished_at IS NULL
)
SELECT coalesce(
    (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ST_DistanceSphere(before.location, staged.location))
     FROM before JOIN staged USING (external_id)),
    ST_DistanceSphere(
        (SELECT ST_Centroid(ST_Collect(location)) FROM before), (SELECT ST_Centroid(ST_Collect(location)) FROM staged)))
