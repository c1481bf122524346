-- Moves current or past ratings of merged facilities to their places.
UPDATE {table}
SET facility_id = pair.place_id, moved_from = coalesce(moved_from, pair.absorbed_id)
FROM unnest(CAST(:place_ids AS bigint[]), CAST(:absorbed_ids AS bigint[])) AS pair (place_id, absorbed_id)
WHERE {table}.facility_id = pair.absorbed_id
