-- Writes the priors of places, without waiting: what another transaction has locked keeps its prior until the next run.
WITH free AS (
    SELECT id FROM facility WHERE id = ANY (CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE facility
SET prior_stars = prior.stars, prior_group = prior.group_name,
    record_credibility = prior.record_credibility, present_credibility = prior.present_credibility
FROM unnest(CAST(:ids AS bigint[]), CAST(:stars AS float8[]), CAST(:groups AS text[]),
            CAST(:record_credibilities AS float8[]), CAST(:present_credibilities AS float8[]))
        AS prior (id, stars, group_name, record_credibility, present_credibility)
JOIN free USING (id)
WHERE facility.id = prior.id
