-- The named objects of a file.
CREATE TEMPORARY TABLE named_shape (
    external_id text, type_order smallint, kind text, group_name text, gap_m float8, importance smallint,
    name text, search_name text, population bigint, shape geometry
) ON COMMIT DROP
