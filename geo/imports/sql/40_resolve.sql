-- Compares the rows with the facilities of the dataset.
--
-- PostGIS orders points along a Hilbert curve. New facilities get their ids, and their positions in the tables, in that
-- order, so that neighbours share pages: searches and foreign-key checks read few of them.
--
-- facility_id is the row that holds what the dataset says: the record of a place with several sources, else the place.
CREATE TEMPORARY TABLE resolved ON COMMIT DROP AS
SELECT row_number, external_id, outcome,
       coalesce(known_id, nextval((SELECT pg_get_serial_sequence('facility', 'id')::regclass))) AS facility_id
FROM (
    SELECT staged.row_number, coalesce(staged.external_id, source.external_id) AS external_id,
           coalesce(source.record_id, source.facility_id) AS known_id,
           CASE WHEN source.external_id IS NULL THEN 'added'
                WHEN staged.external_id IS NULL AND unread.external_id IS NOT NULL THEN 'kept'
                WHEN staged.external_id IS NULL THEN 'vanished'
                WHEN source.digest <> staged.digest OR source.vanished_at IS NOT NULL THEN 'changed'
                ELSE 'unchanged' END AS outcome
    FROM staged
    FULL JOIN (SELECT * FROM facility_source WHERE dataset_id = :dataset_id) AS source USING (external_id)
    LEFT JOIN (SELECT DISTINCT external_id FROM rejected) AS unread USING (external_id)
    WHERE staged.external_id IS NOT NULL OR source.vanished_at IS NULL
    ORDER BY staged.location
) AS compared
