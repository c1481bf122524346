-- Writes the status of facilities that the dataset no longer lists.
UPDATE facility
SET status = judged.status, updated_at = :as_of
FROM judged
WHERE judged.vanished AND facility.id = judged.facility_id AND facility.status <> judged.status
