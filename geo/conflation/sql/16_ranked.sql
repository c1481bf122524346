-- The records of places with the order in which their values come first.
{records}
SELECT id, merged_into, says_closed, official_first, community_first
FROM record
ORDER BY dataset_id, id
