-- Returns the dataset that lists the most of these rows, under the same ids and with the same content, and how many.
SELECT dataset.name, count(*) AS rows
FROM staged
JOIN facility_source AS source USING (external_id, digest)
JOIN dataset ON dataset.id = source.dataset_id
WHERE source.dataset_id <> :dataset_id AND source.vanished_at IS NULL
GROUP BY dataset.name
ORDER BY rows DESC, dataset.name
LIMIT 1
