-- Of several ratings by one device of facilities that become one place, makes all but the newest history. Of equally new
-- ones, that of the oldest facility stays.
WITH pair AS MATERIALIZED (
    SELECT * FROM unnest(CAST(:place_ids AS bigint[]), CAST(:absorbed_ids AS bigint[])) AS pair (place_id, absorbed_id)
), whole AS MATERIALIZED (
    SELECT place_id, absorbed_id AS facility_id FROM pair
    UNION
    SELECT place_id, place_id FROM pair
), ranked AS MATERIALIZED (
    SELECT rating.id, whole.place_id,
           row_number() OVER (PARTITION BY whole.place_id, rating.device_id
                              ORDER BY rating.rated_at DESC, rating.facility_id) AS position
    FROM whole JOIN rating ON rating.facility_id = whole.facility_id
), displaced AS (
    DELETE FROM rating USING ranked WHERE rating.id = ranked.id AND ranked.position > 1
    RETURNING rating.id AS rating_id, rating.facility_id, {rating_columns}
)
INSERT INTO past_rating (ended_at, ended_by, rating_id, facility_id, {columns})
SELECT CAST(:as_of AS timestamptz), 'merged', rating_id, facility_id, {columns} FROM displaced
