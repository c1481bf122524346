-- mu of each kind and of each of its groups, from the sums over their places. Sums without a word are of places without a
-- group. The row of a kind has no word and no name; is_known is whether its ratings give the mean. Groups that tell
-- nothing have no row.
WITH kind AS (
    SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:record_credibilities AS float8[]))
        AS kind (kind, record_credibility)
), sums AS (
    SELECT * FROM unnest(CAST(:sums_kinds AS text[]), CAST(:words AS text[]), CAST(:names AS text[]),
                         CAST(:credibilities AS float8[]), CAST(:credible_stars AS float8[]))
        AS sums (kind, word, name, credibility, credible_stars)
), mean AS (
    SELECT kind, facility_search.kind_mean(sum(credibility), sum(credible_stars)) AS stars, sum(credibility) > 1 AS is_known,
           (facility_search.group_credibility(
               array_agg(credibility) FILTER (WHERE word IS NOT NULL),
               array_agg(credible_stars) FILTER (WHERE word IS NOT NULL), record_credibility)).kind_places
    FROM kind JOIN sums USING (kind)
    GROUP BY kind, record_credibility
)
SELECT kind, NULL AS word, NULL AS name, stars, is_known FROM mean
UNION ALL
SELECT kind, word, name, facility_search.group_mean(mean.stars, kind_places, credibility, credible_stars), true
FROM sums JOIN mean USING (kind)
WHERE word IS NOT NULL AND kind_places < 'Infinity'
