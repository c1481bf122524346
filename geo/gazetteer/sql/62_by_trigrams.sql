-- The localities with the most similar names, nearest neighbours in the index of trigrams.
SELECT {columns}
FROM (SELECT * FROM locality ORDER BY search_name <-> :text LIMIT {max_candidates}) AS locality
JOIN gazetteer_dataset AS dataset ON dataset.id = locality.dataset_id
ORDER BY dataset.imported_at DESC
