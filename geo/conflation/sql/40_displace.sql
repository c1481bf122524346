-- Of two ratings by one device, of the place and of the one that is merged into it, makes the older one history.
WITH older AS (
    SELECT CASE WHEN own.rated_at < absorbed.rated_at THEN own.id ELSE absorbed.id END AS id
    FROM rating AS own JOIN rating AS absorbed USING (device_id)
    WHERE own.facility_id = :place_id AND absorbed.facility_id = :absorbed_id
), displaced AS (
    DELETE FROM rating USING older WHERE rating.id = older.id
    RETURNING rating.id AS rating_id, rating.facility_id, {rating_columns}
)
INSERT INTO past_rating (ended_at, ended_by, rating_id, facility_id, {columns})
SELECT CAST(:as_of AS timestamptz), 'merged', rating_id, facility_id, {columns} FROM displaced
