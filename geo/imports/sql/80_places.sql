-- Returns the places whose source's record changed or vanished, and whether the record is a row of its own.
SELECT DISTINCT source.facility_id, source.record_id IS NOT NULL AS has_record
FROM resolved JOIN facility_source AS source USING (external_id)
WHERE source.dataset_id = :dataset_id AND resolved.outcome IN ('added', 'changed', 'vanished')
