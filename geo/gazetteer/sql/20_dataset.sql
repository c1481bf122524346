-- Adds or updates the dataset and returns its id; the row lock serialises imports of the same file.
INSERT INTO gazetteer_dataset (name, licence, attribution, url, imported_at)
VALUES (:name, :licence, :attribution, :url, :as_of)
ON CONFLICT (name) DO UPDATE
SET licence = excluded.licence, attribution = excluded.attribution, url = excluded.url,
    imported_at = excluded.imported_at
RETURNING id
