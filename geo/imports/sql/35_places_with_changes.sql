-- Returns the places of the dataset that an accepted proposal changed and whose source has no record of its own yet.
SELECT DISTINCT source.facility_id
FROM facility_source AS source JOIN facility_change AS change USING (facility_id)
WHERE source.dataset_id = :dataset_id AND source.record_id IS NULL AND change.before <> '{}'
