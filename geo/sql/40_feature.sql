-- The JSON of facilities in responses.

-- An instant in RFC 3339, in whole seconds.
CREATE FUNCTION facility_search.instant(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE RETURN
    to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');

-- The card of each ranked facility, in order.
CREATE FUNCTION facility_search.cards(
    best facility_search.ranked[], origin geometry, needs facility_search.needs, ranking facility_search.ranking,
    as_of timestamptz
) RETURNS SETOF facility_search.card
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    open_at CONSTANT timestamptz := coalesce(needs.open_at, as_of);
    seconds_per_m CONSTANT float8 := ranking.seconds_per_m;
    seconds_to_arrive_per_m CONSTANT float8 := CASE WHEN needs.open_on_arrival THEN seconds_per_m ELSE 0 END;
BEGIN
    RETURN QUERY
    SELECT f.id, f.offers, f.name, shown.mean_stars,
           b.distance_m, b.quality, b.sd, b.verdict, b.utility, moment.at, shown.open_state, ending.until,
           f.status,
           json_build_object(
               'type', 'Feature',
               'id', f.id,
               'geometry', json_build_object(
                   'type', 'Point', 'coordinates', json_build_array(ST_X(f.location), ST_Y(f.location))),
               'properties', json_build_object(
                   'kind', f.kind, 'offers', f.offers, 'name', f.name, 'venue', f.venue,
                   'status', f.status, 'ranked_last', b.last_because,
                   'status_note', NULL,  -- api/places/geojson.py writes the sentence
                   'address', json_build_object(
                       'street', f.street, 'house_number', f.house_number, 'postcode', f.postcode, 'city', f.city,
                       'region', f.region, 'country', f.country),
                   'level', f.level, 'operator', f.operator,
                   'distance_m', round(b.distance_m * 10) / 10,
                   'bearing_deg', round(facility_search.initial_bearing_deg(origin, f.location) * 10) / 10,
                   'duration_s', round(b.distance_m * seconds_per_m),
                   'rating', json_build_object(
                       'mean', round(shown.mean_stars * 10000) / 10000, 'count', f.rating_count,
                       'effective_count', round(f.weight_total * 10000) / 10000,
                       'demo_count', f.demo_rating_count, 'excluded_count', f.excluded_rating_count,
                       'quality', round(b.quality * 10000) / 10000, 'sd', round(b.sd * 10000) / 10000, 'verdict', b.verdict,
                       'last_rated_at', facility_search.instant(f.last_rated_at),
                       'note', CASE WHEN f.rush_until > as_of THEN 'rush' END),  -- as status_note
                   'open', json_build_object(
                       'state', shown.open_state,
                       'until', facility_search.instant(ending.until),
                       'at', facility_search.instant(moment.at),
                       'opening_hours', f.opening_hours, 'note', f.opening_hours_note),
                   {attributes},
                   'sources', coalesce(known_from.sources, '[]'::json)))::text,
           known_from.terms::text
    FROM unnest(best) WITH ORDINALITY AS b (facility_id, distance_m, quality, sd, verdict, utility, last_because, place)
    JOIN facility f ON f.id = b.facility_id
    CROSS JOIN LATERAL (
        SELECT open_at + make_interval(secs => coalesce(b.distance_m, 0) * seconds_to_arrive_per_m) AS at
    ) AS moment
    CROSS JOIN LATERAL (
        SELECT facility_search.open_state(f.open_during, f.unknown_during, moment.at) AS open_state,
               f.stars_total / nullif(f.weight_total, 0) AS mean_stars,
               tstzmultirange(tstzrange(moment.at, NULL)) AS from_now OFFSET 0
    ) AS shown
    -- When the state ends: the first instant that is not open, or not closed; NULL if the state is unknown from then on.
    CROSS JOIN LATERAL (
        SELECT lower(CASE shown.open_state
            WHEN 'open' THEN shown.from_now - f.open_during
            WHEN 'closed' THEN shown.from_now * (f.open_during + f.unknown_during) END) AS at OFFSET 0
    ) AS state_end
    CROSS JOIN LATERAL (
        SELECT CASE WHEN NOT f.unknown_during @> state_end.at THEN state_end.at END AS until OFFSET 0
    ) AS ending
    CROSS JOIN LATERAL (
        SELECT json_agg(json_build_object(
                   'dataset', d.name, 'external_id', s.external_id, 'licence', d.licence,
                   'attribution', d.attribution, 'url', d.url,
                   'seen_at', CASE WHEN s.vanished_at IS NULL THEN facility_search.instant(d.imported_at) END,
                   'gave', s.gave)
                   ORDER BY d.name, s.external_id) AS sources,
               json_agg(json_build_object('attribution', d.attribution, 'licence', d.licence, 'url', d.url)) AS terms
        FROM facility_source s JOIN dataset d ON d.id = s.dataset_id
        WHERE s.facility_id = f.id
    ) AS known_from
    ORDER BY b.place;
END $$;
