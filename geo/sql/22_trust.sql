-- Trust weights of ratings: docs/ranking.md has the formulas; bench/reference/trust.py has them in Python.

-- The weight of a device's ratings in its first day, until it has rated on a second day.
-- between_ratings: from its first to its last rating.
CREATE FUNCTION facility_search.age_weight(device_age interval, between_ratings interval, proved boolean)
RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN device_age >= interval '24 hours' OR between_ratings >= interval '24 hours' OR proved THEN 1
         ELSE facility_search.new_device_weight() END;

-- The weight of the ratings of a device that has rated so many places, or has proved a visit.
CREATE FUNCTION facility_search.track_weight(places bigint, proved boolean)
RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN places >= facility_search.track_record_places() OR proved THEN 1
         ELSE facility_search.no_track_record_weight() END;

-- What a device has rated, replaced and withdrawn ratings included: a record that only grows.
CREATE FUNCTION facility_search.device_record(of_device bigint)
RETURNS TABLE (between_ratings interval, places bigint, proved boolean)
LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT max(rated_at) - min(rated_at), count(DISTINCT place_id), coalesce(bool_or(presence = 'proved'), false)
    FROM (
        SELECT rated_at, coalesce(moved_from, facility_id) AS place_id, presence
        FROM rating WHERE device_id = of_device
        UNION ALL
        SELECT rated_at, coalesce(moved_from, facility_id), presence
        FROM past_rating WHERE device_id = of_device
    ) AS made;
END;

-- The week around a rating made at t, (t - 3.5 days, t + 3.5 days], and the year before it, (t - 365 days, t - 3.5 days].
CREATE FUNCTION facility_search.half_a_rush() RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    facility_search.rush_days() / 2 * interval '24 hours';

CREATE FUNCTION facility_search.just_less_than(duration interval) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN duration - interval '1 microsecond';

-- The weight of each of in_week ratings or reports of a place: together they count as one ordinary week of it.
-- in_year: ratings in the year before that week; known_days: from the place's first day to the start of that week;
-- ordinary_least: how many an ordinary week brings at least.
CREATE FUNCTION facility_search.rush_weight(
    in_week bigint, in_year bigint, known_days float8, ordinary_least float8 DEFAULT 1
) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    least(1, greatest(ordinary_least, facility_search.rush_days() * (in_year + 1)
                         / (least(greatest(known_days, facility_search.youngest_record_days()),
                                  facility_search.record_days() - facility_search.rush_days() / 2)
                            + facility_search.prior_record_days()))
             / in_week);

-- The ratings of a place with their weights. in_week and in_year count those that staff have not excluded, and those with
-- proof of a visit apart from the others. Ratings through one web page are a rush of their own, too.
CREATE FUNCTION facility_search.weighed_ratings(place_id bigint)
RETURNS TABLE (
    rating_id bigint, device_id bigint, stars smallint, rated_at timestamptz, demo boolean, excluded boolean,
    weight_rush float8, weight float8
)
LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC
    WITH given AS NOT MATERIALIZED (  -- so that the planner knows how few have an origin
        -- No whole rows, which are wide: of a busy place tens of thousands are sorted.
        SELECT r.id, r.device_id, r.stars, r.rated_at, r.demo, r.trusted, r.origin,
               r.weight_age * r.weight_track * r.weight_presence AS weight_alone,
               coalesce(e.during @> r.rated_at, false) AS excluded, r.presence IS NOT DISTINCT FROM 'proved' AS proved
        FROM rating AS r
        CROSS JOIN (SELECT range_agg(during) AS during FROM rating_exclusion
                    WHERE facility_id = place_id AND lifted_at IS NULL) AS e
        WHERE r.facility_id = place_id
    ), counted AS (
        SELECT given.*,
               count(*) OVER (PARTITION BY excluded, proved ORDER BY rated_at
                              RANGE BETWEEN facility_search.just_less_than(facility_search.half_a_rush()) PRECEDING
                                        AND facility_search.half_a_rush() FOLLOWING) AS in_week,
               count(*) OVER (PARTITION BY excluded, proved ORDER BY rated_at
                              RANGE BETWEEN facility_search.just_less_than(facility_search.record_days() * interval '24 hours') PRECEDING
                                        AND facility_search.half_a_rush() PRECEDING) AS in_year
        FROM given
    ), through_page AS (
        SELECT id,
               count(*) OVER (PARTITION BY excluded, proved, origin ORDER BY rated_at
                              RANGE BETWEEN facility_search.just_less_than(facility_search.half_a_rush()) PRECEDING
                                        AND facility_search.half_a_rush() FOLLOWING) AS in_week,
               count(*) OVER (PARTITION BY excluded, proved, origin ORDER BY rated_at
                              RANGE BETWEEN facility_search.just_less_than(facility_search.record_days() * interval '24 hours') PRECEDING
                                        AND facility_search.half_a_rush() PRECEDING) AS in_year
        FROM given WHERE origin IS NOT NULL
    )
    SELECT c.id, c.device_id, c.stars, c.rated_at, c.demo, c.excluded, rush.weight,
           c.weight_alone * rush.weight
    FROM counted AS c
    LEFT JOIN through_page AS page USING (id)
    CROSS JOIN (SELECT min(created_at) AS known_since FROM facility WHERE id = place_id OR merged_into = place_id) AS place
    CROSS JOIN LATERAL (
        SELECT date_part('epoch', c.rated_at - place.known_since) / 86400 - facility_search.rush_days() / 2 AS days OFFSET 0
    ) AS known
    CROSS JOIN LATERAL (
        SELECT CASE WHEN c.trusted THEN 1
                    ELSE least(facility_search.rush_weight(c.in_week, c.in_year, known.days),
                               facility_search.rush_weight(page.in_week, page.in_year, known.days)) END AS weight OFFSET 0
    ) AS rush;
END;

-- The total weight of reports, each weight times the rush weight of their number. A place gets so few reports that its
-- ordinary week brings the least. The lightest are omitted where the total is greater without them, so that no further
-- report makes a total smaller. The same for visits that contradict reports.
CREATE FUNCTION facility_search.total_weight(weights float8[]) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT coalesce(max(weight * facility_search.rush_weight(number, 0, 0, facility_search.ordinary_reports())), 0)
    FROM (SELECT count(*) OVER heaviest_first AS number, sum(weight) OVER heaviest_first AS weight
          FROM unnest(weights) AS weight
          WINDOW heaviest_first AS (ORDER BY weight DESC ROWS UNBOUNDED PRECEDING)) AS heaviest;
END;
