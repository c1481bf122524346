-- Records what the dataset says of facilities that changed or vanished.
UPDATE facility_source source
SET digest = coalesce(staged.digest, source.digest), has_closed = judged.has_closed,
    vanished_at = CASE WHEN judged.vanished THEN CAST(:as_of AS timestamptz) END
FROM judged LEFT JOIN staged USING (row_number)
WHERE source.dataset_id = :dataset_id AND source.external_id = judged.external_id
