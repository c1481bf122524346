-- Makes facilities parts of the places that they are merged into.
UPDATE facility
SET status = 'merged', merged_into = pair.place_id, reported_closed_until = NULL,
    out_of_order_until = NULL, rush_until = NULL, updated_at = :as_of
FROM unnest(CAST(:place_ids AS bigint[]), CAST(:absorbed_ids AS bigint[])) AS pair (place_id, absorbed_id)
WHERE facility.id = pair.absorbed_id
