    locality.external_id, locality.kind, locality.importance, locality.name, locality.search_name, locality.near,
    locality.population, ST_X(locality.location) AS lon, ST_Y(locality.location) AS lat,
    ST_DistanceSphere(locality.location, facility_search.point(:lon, :lat)) AS distance_m,
    similarity(locality.search_name, :text) AS similarity,
    dataset.name AS dataset, dataset.licence, dataset.attribution, dataset.url
