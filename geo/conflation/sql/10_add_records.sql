-- Copies each of the places that has no record yet as the record of its source, which is the place itself until then.
INSERT INTO facility (status, merged_into, {columns})
SELECT 'record', place.id, {place_columns}
FROM facility AS place
WHERE place.id = ANY (:place_ids)
  AND NOT EXISTS (SELECT FROM facility AS part WHERE part.merged_into = place.id)
RETURNING id, merged_into
