-- Deletes rows whose id is in an earlier row, and returns how many for each id.
WITH repeated AS (
    SELECT external_id, min(row_number) AS first FROM staged GROUP BY external_id HAVING count(*) > 1
), dropped AS (
    DELETE FROM staged USING repeated
    WHERE staged.external_id = repeated.external_id AND staged.row_number <> repeated.first
    RETURNING staged.external_id
)
SELECT external_id, count(*) FROM dropped GROUP BY external_id ORDER BY external_id
