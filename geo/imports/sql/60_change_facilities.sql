-- Writes the rows of facilities that changed.
UPDATE facility
SET ({columns}) = ({staged_columns}), status = judged.status, updated_at = :as_of
FROM staged JOIN judged USING (row_number) LEFT JOIN staged_hours USING (hours_number)
WHERE facility.id = judged.facility_id
