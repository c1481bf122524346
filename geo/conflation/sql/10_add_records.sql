-- Copies each of the places that has no record yet as the record of its source, which is the place itself until then.
-- Returns the ids of the records and their places.
WITH added AS (
    INSERT INTO facility (status, merged_into, {columns})
    SELECT 'record', place.id, {place_columns}
    FROM facility AS place
    WHERE place.id = ANY (:place_ids)
      AND NOT EXISTS (SELECT FROM facility AS part WHERE part.merged_into = place.id)
    ORDER BY place.id
    RETURNING id, merged_into
), noted AS (
    UPDATE facility_source AS source SET record_id = added.id
    FROM added WHERE source.facility_id = added.merged_into
)
SELECT id, merged_into FROM added
