-- Makes ratings that a merge displaced current again: the newer rating by the same device is now of the other place.
-- Returns their devices.
WITH displaced AS (
    SELECT DISTINCT ON (past.device_id) past.*
    FROM past_rating AS past
    JOIN rating AS newer ON newer.facility_id = :other_id AND newer.device_id = past.device_id
    WHERE past.facility_id = :facility_id AND past.ended_by = 'merged'
      AND NOT EXISTS (SELECT FROM rating AS present
                      WHERE present.facility_id = :facility_id AND present.device_id = past.device_id)
    ORDER BY past.device_id, past.rated_at DESC
), forgotten AS (
    DELETE FROM past_rating USING displaced WHERE past_rating.id = displaced.id
)
INSERT INTO rating (id, facility_id, {columns})
SELECT rating_id, facility_id, {columns} FROM displaced
RETURNING device_id
