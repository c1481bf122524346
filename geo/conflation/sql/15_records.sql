WITH RECURSIVE part (place_id, id) AS (
    SELECT id, id FROM facility WHERE id = ANY (:place_ids)
    UNION ALL
    SELECT part.place_id, below.id FROM part JOIN facility AS below ON below.merged_into = part.id
), spoken AS (
    SELECT part.place_id, facility.*, source.record_id, source.dataset_id,
           coalesce(source.has_closed OR source.vanished_at IS NOT NULL, false) AS says_closed,
           CASE WHEN source.record_id IS NULL THEN 0
                WHEN dataset.authority = 'official' THEN 1 ELSE 2 END AS official_first,
           CASE WHEN source.record_id IS NULL THEN 0
                WHEN dataset.authority = 'official' THEN 2 ELSE 1 END AS community_first
    FROM part
    JOIN facility ON facility.id = part.id AND facility.status = 'record'
    LEFT JOIN facility_source AS source ON source.record_id = facility.id
    LEFT JOIN dataset ON dataset.id = source.dataset_id
), record AS (
    SELECT *, bool_and(says_closed) OVER place AS all_closed, count(*) OVER place AS records
    FROM spoken WINDOW place AS (PARTITION BY place_id)
)
