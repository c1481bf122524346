-- Moves the sources of merged facilities to their places.
UPDATE facility_source
SET facility_id = pair.place_id
FROM unnest(CAST(:place_ids AS bigint[]), CAST(:absorbed_ids AS bigint[])) AS pair (place_id, absorbed_id)
WHERE facility_source.facility_id = pair.absorbed_id
