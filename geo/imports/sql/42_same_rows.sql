-- Returns the other dataset that lists the most of the new rows, under the same id at the same position, and how many.
-- Rows that this dataset lists, too, were accepted before.
SELECT dataset.name, count(*) AS rows
FROM resolved
JOIN staged USING (row_number)
JOIN facility_source AS source
    ON source.external_id = resolved.external_id AND source.dataset_id <> :dataset_id AND source.vanished_at IS NULL
JOIN facility AS place ON place.id = coalesce(source.record_id, source.facility_id)
JOIN dataset ON dataset.id = source.dataset_id
WHERE resolved.outcome = 'added' AND place.location = staged.location
GROUP BY dataset.name
ORDER BY rows DESC, dataset.name
LIMIT 1
