-- Merges objects of one name and group that lie near each other. They are clustered in Mercator's projection, where a
-- metre is 1 / cos(latitude) units long; the objects of one name use their mean latitude. The projection ends at 85
-- degrees: objects beyond are clustered as if they were there.
CREATE TEMPORARY TABLE merged_shape ON COMMIT DROP AS
WITH projected AS (
    SELECT *,
        ST_Transform(ST_ClipByBox2D(shape, ST_MakeEnvelope(-180, -85, 180, 85, 4326)), 3857) AS mercator,
        gap_m / cosd(least(85, abs(avg(ST_Y(ST_Centroid(shape))) OVER same_name))) AS gap
    FROM named_shape
    WINDOW same_name AS (PARTITION BY group_name, name)
), clustered AS (
    SELECT *, ST_ClusterDBSCAN(mercator, gap, 1) OVER (PARTITION BY group_name, name) AS cluster
    FROM projected
)
SELECT
    (array_agg(external_id ORDER BY type_order, length(external_id), external_id))[1] AS external_id,
    (array_agg(kind ORDER BY type_order, length(external_id), external_id))[1] AS kind,
    (array_agg(importance ORDER BY type_order, length(external_id), external_id))[1] AS importance,
    name,
    search_name,
    max(population) AS population,
    (array_agg(shape ORDER BY type_order, length(external_id), external_id))[1] AS first_shape,
    CASE WHEN group_name = 'street' THEN ST_Multi(ST_LineMerge(ST_CollectionExtract(ST_Collect(shape), 2))) END AS lines
FROM clustered
GROUP BY group_name, name, search_name, cluster
