-- Writes the columns and the status of places from the records of their sources.
--
-- For each group of columns, the first record that has any of them gives all of them. A source that says that the place
-- is closed, or no longer lists it, comes after the others; what people proposed comes before all.
WITH RECURSIVE part (place_id, id) AS (
    SELECT id, id FROM facility WHERE id = ANY (:place_ids)
    UNION ALL
    SELECT part.place_id, below.id FROM part JOIN facility AS below ON below.merged_into = part.id
), record AS (
    SELECT part.place_id, facility.*, source.record_id,
           coalesce(source.has_closed OR source.vanished_at IS NOT NULL, false) AS says_closed,
           source.dataset_id,
           CASE WHEN source.record_id IS NULL THEN 0
                WHEN source.has_closed OR source.vanished_at IS NOT NULL THEN 3
                WHEN dataset.authority = 'official' THEN 1 ELSE 2 END AS official_first,
           CASE WHEN source.record_id IS NULL THEN 0
                WHEN source.has_closed OR source.vanished_at IS NOT NULL THEN 3
                WHEN dataset.authority = 'official' THEN 2 ELSE 1 END AS community_first
    FROM part
    JOIN facility ON facility.id = part.id AND facility.status = 'record'
    LEFT JOIN facility_source AS source ON source.record_id = facility.id
    LEFT JOIN dataset ON dataset.id = source.dataset_id
), composed AS (
    SELECT record.place_id, bool_and(record.says_closed) AS all_closed,
           {picks},
           {givers}
    FROM record
    GROUP BY record.place_id
), staff_closed AS (
    SELECT DISTINCT part.place_id
    FROM part JOIN decision ON decision.target = 'facility' AND decision.target_id = part.id
    WHERE decision.action = 'close_facility'
      AND NOT EXISTS (SELECT FROM decision AS later WHERE later.reverts = decision.id)
), noted AS (
    UPDATE facility_source AS source
    SET gave = ARRAY(SELECT given.name
                     FROM (VALUES {given}) AS given (name, giver)
                     WHERE given.giver = source.record_id)
    FROM record JOIN composed USING (place_id)
    WHERE source.record_id = record.id
)
UPDATE facility AS place
SET ({columns}) = ({composed_columns}),
    status = CASE
        WHEN facility_search.is_listed(place.status) AND composed.all_closed THEN 'closed'
        WHEN place.status = 'closed' AND NOT composed.all_closed
             AND place.id NOT IN (SELECT place_id FROM staff_closed) THEN 'active'
        ELSE place.status END,
    updated_at = :as_of
FROM composed
WHERE place.id = composed.place_id
