-- Names the nearest more important settlement of each locality, to tell apart those of one name.
UPDATE locality
SET near = (
    SELECT settlement.name
    FROM locality AS settlement
    WHERE settlement.kind IN ({settlements})
      AND settlement.dataset_id = locality.dataset_id
      AND settlement.importance > locality.importance
    ORDER BY settlement.location <-> locality.location
    LIMIT 1
)
WHERE dataset_id = :dataset_id
