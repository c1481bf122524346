-- Adds or updates the dataset and returns its id; the row lock serialises imports of the same dataset.
INSERT INTO dataset (name, licence, attribution, url, authority, imported_at)
VALUES (:name, :licence, :attribution, :url, coalesce(CAST(:authority AS text), 'community'), :as_of)
ON CONFLICT (name) DO UPDATE
SET licence = excluded.licence, attribution = excluded.attribution, url = excluded.url,
    authority = coalesce(CAST(:authority AS text), dataset.authority), imported_at = excluded.imported_at
RETURNING id
