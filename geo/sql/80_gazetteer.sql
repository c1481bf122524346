-- Localities by name, and the names of what is near a point.

-- The name of the street that passes nearest to origin, at most at_most_m away; NULL if none does.
-- The index finds the streets whose boxes reach into the circle; their distances are exact.
CREATE FUNCTION facility_search.nearest_street(origin geometry, at_most_m float8 DEFAULT 150) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT street.name
    FROM facility_search.boxes_around(origin, at_most_m) AS boxes
    CROSS JOIN LATERAL unnest(ARRAY[boxes.box, boxes.box_beyond_antimeridian]) AS reached (area)
    JOIN locality AS street ON street.lines && reached.area AND street.lines IS NOT NULL
    CROSS JOIN LATERAL (SELECT ST_Distance(street.lines::geography, origin::geography, false)) AS away (distance_m)
    WHERE distance_m <= at_most_m
    ORDER BY distance_m, street.external_id
    LIMIT 1
$$;

-- The name of the settlement whose centre is nearest to origin; NULL if there is none.
-- The index orders by degrees; of the nearest 8 in degrees, the nearest in metres is returned.
CREATE FUNCTION facility_search.nearest_settlement(origin geometry) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT near.name
    FROM (
        SELECT settlement.name, settlement.location, settlement.external_id
        FROM locality AS settlement
        WHERE settlement.kind IN ('city', 'town', 'village')
        ORDER BY settlement.location <-> origin
        LIMIT 8
    ) AS near
    ORDER BY ST_DistanceSphere(near.location, origin), near.external_id
    LIMIT 1
$$;
