-- Returns the first facilities of each outcome; for a changed one, what changes: columns, whether it is closed, or that
-- the dataset lists again what had vanished.
SELECT outcome, numbered.external_id, coalesce(staged.name, known.name) AS name,
       CASE WHEN outcome = 'changed' THEN ARRAY(
           SELECT before.key
           FROM jsonb_each(to_jsonb(known)) AS before JOIN jsonb_each(to_jsonb(staged)) AS after USING (key)
           WHERE before.value IS DISTINCT FROM after.value AND before.key = ANY (CAST(:columns AS text[]))
           ORDER BY array_position(CAST(:columns AS text[]), before.key)
       ) || array_remove(ARRAY[CASE WHEN source.vanished_at IS NOT NULL THEN 'listed again'
                                   WHEN source.has_closed <> staged.closed THEN 'closed' END], NULL) END AS changes
FROM (
    SELECT *, row_number() OVER (PARTITION BY outcome ORDER BY row_number, external_id) AS place
    FROM resolved WHERE outcome IN ('added', 'changed', 'vanished')
) AS numbered
LEFT JOIN staged USING (row_number)
LEFT JOIN facility AS known ON known.id = numbered.facility_id
LEFT JOIN facility_source AS source
    ON source.dataset_id = :dataset_id AND source.external_id = numbered.external_id
WHERE place <= :most
ORDER BY outcome, place
