-- Returns the first facilities of each outcome by id, with their names.
SELECT outcome, external_id, name
FROM (
    SELECT resolved.outcome, resolved.external_id, coalesce(staged.name, facility.name) AS name,
           row_number() OVER (PARTITION BY resolved.outcome ORDER BY resolved.external_id) AS number
    FROM resolved
    LEFT JOIN staged USING (row_number)
    LEFT JOIN facility ON facility.id = resolved.facility_id
    WHERE resolved.outcome IN ('added', 'changed', 'vanished')
) AS numbered
WHERE number <= :most
ORDER BY outcome, number
