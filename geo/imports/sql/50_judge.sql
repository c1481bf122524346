-- Determines the new status of facilities that changed or vanished.
--
-- A source closes listed facilities, and reopens only those that it closed itself: decisions of staff take precedence.
-- For a place that staff have hidden or closed, the source's state is stored for a revert of the decision. The lock
-- keeps the status unchanged.
CREATE TEMPORARY TABLE judged ON COMMIT DROP AS
SELECT row_number, external_id, facility_id, vanished,
       CASE WHEN says_closed AND listed AND NOT has_closed THEN 'closed'
            WHEN NOT says_closed AND has_closed AND status = 'closed' AND NOT staff_closed THEN 'active'
            ELSE status END AS status,
       says_closed AND (has_closed OR listed OR status IN ('hidden', 'record') OR staff_closed) AS has_closed
FROM (
    SELECT resolved.row_number, resolved.external_id, resolved.facility_id,
           resolved.outcome = 'vanished' AS vanished,
           facility.status, facility_search.is_listed(facility.status) AS listed,
           coalesce(staged.closed, true) AS says_closed, source.has_closed,
           facility.id IN (SELECT target_id FROM decision WHERE action = 'close_facility'
                           AND NOT EXISTS (SELECT FROM decision AS later WHERE later.reverts = decision.id)
                          ) AS staff_closed
    FROM resolved
    JOIN facility ON facility.id = resolved.facility_id
    JOIN facility_source source
        ON source.dataset_id = :dataset_id AND source.external_id = resolved.external_id
    LEFT JOIN staged ON staged.row_number = resolved.row_number
    WHERE resolved.outcome IN ('changed', 'vanished')
    FOR NO KEY UPDATE OF facility
) AS compared
