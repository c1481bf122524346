-- Geometry on the sphere that PostGIS has no function for.

CREATE FUNCTION facility_search.point(lon float8, lat float8) RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ST_SetSRID(ST_MakePoint(lon, lat), 4326);

-- Boxes (degrees) that contain everything within reach_m of origin: one, or two across the antimeridian.
-- A circle on a sphere spans asin(sin(r/R) / cos(lat)) in longitude on either side; around a pole, all longitudes.
CREATE FUNCTION facility_search.boxes_around(origin geometry, reach_m float8) RETURNS facility_search.boxes
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    earth_radius_m CONSTANT float8 := 6371008.7714150598;  -- the sphere of ST_DistanceSphere
    rounding_deg CONSTANT float8 := 1e-7;                   -- a centimetre: more than rounding errors
    lon CONSTANT float8 := ST_X(origin);
    lat CONSTANT float8 := ST_Y(origin);
    reach_deg CONSTANT float8 := degrees(reach_m / earth_radius_m) + rounding_deg;
    south float8 := lat - reach_deg;
    north float8 := lat + reach_deg;
    half_width float8;
BEGIN
    IF south <= -90 OR north >= 90 THEN
        RETURN (ST_MakeEnvelope(-180, greatest(south, -90), 180, least(north, 90), 4326), NULL::geometry);
    END IF;
    half_width := asind(least(1, sind(reach_deg) / cosd(lat))) + rounding_deg;
    IF lon - half_width < -180 THEN
        RETURN (ST_MakeEnvelope(-180, south, lon + half_width, north, 4326),
                ST_MakeEnvelope(lon - half_width + 360, south, 180, north, 4326));
    ELSIF lon + half_width > 180 THEN
        RETURN (ST_MakeEnvelope(lon - half_width, south, 180, north, 4326),
                ST_MakeEnvelope(-180, south, lon + half_width - 360, north, 4326));
    END IF;
    RETURN (ST_MakeEnvelope(lon - half_width, south, lon + half_width, north, 4326), NULL::geometry);
END $$;

CREATE FUNCTION facility_search.initial_bearing_deg(origin geometry, target geometry) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN origin = target THEN NULL ELSE
        mod((360 + degrees(atan2(
            sind(ST_X(target) - ST_X(origin)) * cosd(ST_Y(target)),
            cosd(ST_Y(origin)) * sind(ST_Y(target))
                - sind(ST_Y(origin)) * cosd(ST_Y(target)) * cosd(ST_X(target) - ST_X(origin))
        )))::numeric, 360)::float8
    END;
