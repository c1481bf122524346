-- What of the gazetteer is near a point.

-- The named street that passes nearest to each origin, at most within_m away. Columns: the origin's position in the array
-- (from 1), the street's name, and the distance in metres, accurate to 0.2 m. An origin without a street near has no row.
-- The index finds the streets whose boxes reach into the circle; their distances decide. A street can be many kilometres
-- long: only its part in the box is measured, which takes half the time. OFFSET 0 has each distance computed once.
CREATE FUNCTION facility_search.nearest_streets(origins geometry[], within_m float8)
RETURNS TABLE (number bigint, name text, distance_m float8)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT asked.number, nearest.name, nearest.distance_m
    FROM unnest(origins) WITH ORDINALITY AS asked (origin, number)
    CROSS JOIN LATERAL facility_search.boxes_around(asked.origin, within_m) AS boxes
    CROSS JOIN LATERAL (
        SELECT street.name, away.distance_m
        FROM unnest(ARRAY[boxes.box, boxes.box_beyond_antimeridian]) AS reached (area)
        JOIN locality AS street ON street.lines && reached.area AND street.lines IS NOT NULL
        CROSS JOIN LATERAL (
            SELECT ST_Distance(
                ST_ClipByBox2D(street.lines, reached.area)::geography, asked.origin::geography, false) AS distance_m
            OFFSET 0
        ) AS away
        WHERE away.distance_m <= within_m
        ORDER BY away.distance_m, street.external_id
        LIMIT 1
    ) AS nearest
    WHERE EXISTS (SELECT FROM locality);  -- most databases have no gazetteer
END $$;
