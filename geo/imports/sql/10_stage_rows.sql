-- Creates the table of the rows of the file.
CREATE TEMPORARY TABLE staged ON COMMIT DROP AS
SELECT NULL::integer AS row_number, NULL::text AS external_id, NULL::boolean AS closed, NULL::bytea AS digest,
       NULL::integer AS hours_number, {row_columns}
FROM facility
WITH NO DATA
