-- Writes the columns and the status of places from the records of their sources. Returns the ids of the places.
--
-- For each group of columns, the first record that has any of them gives all of them. A source that says that the place
-- is closed, or no longer lists it, gives nothing while another one lists it; what people proposed comes first.
{records}, composed AS (
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
    SET gave = CASE WHEN record.records > 1 THEN
                   ARRAY(SELECT given.name
                         FROM (VALUES {given}) AS given (name, giver)
                         WHERE given.giver = source.record_id) END
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
RETURNING place.id
