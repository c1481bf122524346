-- Moves the reports about merged facilities to their places, the closed ones too: a dismissal holds for the whole place.
UPDATE report
SET target_id = pair.place_id, moved_from = coalesce(moved_from, pair.absorbed_id)
FROM unnest(CAST(:place_ids AS bigint[]), CAST(:absorbed_ids AS bigint[])) AS pair (place_id, absorbed_id)
WHERE report.target = 'facility' AND report.target_id = pair.absorbed_id
