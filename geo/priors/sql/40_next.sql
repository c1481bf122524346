-- The next places after an id, hidden and closed ones included: they may open again.
SELECT id, kind, operator, tags ->> 'brand' AS brand, prior_stars, prior_group, record_credibility, present_credibility
FROM facility
WHERE merged_into IS NULL AND id > :after
ORDER BY id
LIMIT :batch
