-- Adds the new facilities.
INSERT INTO facility (id, status, {columns})
SELECT resolved.facility_id, CASE WHEN staged.closed THEN 'closed' ELSE 'active' END, {staged_columns}
FROM staged JOIN resolved USING (row_number) LEFT JOIN staged_hours USING (hours_number)
WHERE resolved.outcome = 'added'
ORDER BY resolved.facility_id
