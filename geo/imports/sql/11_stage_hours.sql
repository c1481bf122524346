-- Creates the table of compiled hours, which many rows share.
CREATE TEMPORARY TABLE staged_hours ON COMMIT DROP AS
SELECT NULL::integer AS hours_number, {hours_columns} FROM facility WITH NO DATA
