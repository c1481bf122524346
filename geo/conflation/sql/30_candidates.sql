-- Pairs of listed places of the same kind within max_m of each other that different datasets list now: an entry whose id
-- changed is new, and takes the place of the one that vanished. Both stand alone or both are part of a venue: the toilets of a café are not those beside it.
SELECT place.id AS facility_id, other.id AS other_id,
       ST_DistanceSphere(place.location, other.location) AS distance_m,
       place.name, other.name AS other_name, place.operator, other.operator AS other_operator,
       place.level, other.level AS other_level,
       place_sources.dataset_ids, other_sources.dataset_ids AS other_dataset_ids
FROM (SELECT *, facility_search.boxes_around(location, :max_m) AS area FROM facility
      WHERE facility_search.is_listed(status)
        AND (CAST(:place_ids AS bigint[]) IS NULL OR id = ANY (CAST(:place_ids AS bigint[]))) OFFSET 0) AS place
JOIN facility AS other
    ON (other.location && (place.area).box OR other.location && (place.area).box_beyond_antimeridian)
CROSS JOIN LATERAL (SELECT array_agg(DISTINCT dataset_id) AS dataset_ids
                    FROM facility_source WHERE facility_id = place.id AND vanished_at IS NULL) AS place_sources
CROSS JOIN LATERAL (SELECT array_agg(DISTINCT dataset_id) AS dataset_ids
                    FROM facility_source WHERE facility_id = other.id AND vanished_at IS NULL) AS other_sources
WHERE facility_search.is_listed(other.status)
  AND other.id <> place.id
  AND other.kind = place.kind
  AND (other.venue IS NULL) = (place.venue IS NULL)
  AND ST_DistanceSphere(place.location, other.location) <= :max_m
  AND NOT place_sources.dataset_ids && other_sources.dataset_ids
ORDER BY distance_m, place.id, other.id
