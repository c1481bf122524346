-- Adds the ids of the new facilities in the dataset.
INSERT INTO facility_source (dataset_id, external_id, facility_id, digest, has_closed)
SELECT :dataset_id, staged.external_id, resolved.facility_id, staged.digest, staged.closed
FROM staged JOIN resolved USING (row_number)
WHERE resolved.outcome = 'added'
ORDER BY resolved.facility_id
