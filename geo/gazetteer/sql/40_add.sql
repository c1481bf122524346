-- Adds the merged objects. A street is simplified by at most 0.00003 degrees, 3 m: less than its width. Its point is the
-- one of the street that is nearest to its centroid. One object can be a place and a street of different names only in
-- two files, but a way and the area within it have one id: the more important kind is kept.
INSERT INTO locality
    (dataset_id, external_id, kind, importance, name, search_name, population, location, lines)
SELECT DISTINCT ON (external_id)
    :dataset_id, external_id, kind, importance, name, search_name, population,
    CASE WHEN lines IS NOT NULL THEN ST_ClosestPoint(lines, ST_Centroid(lines)) ELSE ST_PointOnSurface(first_shape) END,
    ST_Multi(ST_Simplify(lines, 0.00003, true))
FROM merged_shape
WHERE search_name <> ''
ORDER BY external_id, importance DESC
