-- The types of the search. geo/schema.py installs the numbered files in order in their own schema whenever their digest
-- differs from the installed one. PL/pgSQL caches the plans of its statements per connection, so that requests need no
-- planning; force_generic_plan is set because custom plans cost five times what they save here. geo/schema.py creates a
-- function for each constant of the formulas in Python, and the planner inlines their values.

-- The first two types are parameters: geo/facilities/search.py has the same fields in the same order.

-- The requirements for a facility. NULL means no requirement.
CREATE TYPE facility_search.needs AS (
    offered bigint,            -- traits of which it must have at least one; geo/facilities/attributes.py defines the bits
    ruled_out bigint,          -- traits of which it must have none
    verdicts text[],
    open_states text[],       -- accepted: 'open', 'closed', 'unknown', at the time of open_at or open_on_arrival;
                              -- NULL: all, those that are closed on arrival after the others
    open_at timestamptz,      -- NULL: at the request's as_of
    open_on_arrival boolean   -- for each facility, its own arrival
);

-- The weights of the utility U = quality_weight * q - kappa * sd - beta * distance.
CREATE TYPE facility_search.ranking AS (
    quality_weight float8,
    kappa float8,              -- stars per star of standard deviation
    beta_per_m float8,         -- stars per metre
    seconds_per_m float8       -- travel time per metre
);

CREATE TYPE facility_search.ranked AS (
    facility_id bigint,
    distance_m float8,
    quality float8,
    sd float8,
    verdict text,
    utility float8,
    last_because text          -- why it is ranked after all others: 'reported_closed', 'out_of_order', 'closed_on_arrival';
                               -- else NULL
);

CREATE TYPE facility_search.boxes AS (box geometry, box_beyond_antimeridian geometry);

-- A facility in a response. geo/facilities/cards.py has the same fields in the same order.
CREATE TYPE facility_search.card AS (
    id bigint,
    offers text[],
    name text,
    mean_stars float8,
    distance_m float8,
    quality float8,
    sd float8,
    verdict text,
    utility float8,
    open_checked_at timestamptz,   -- the instant that open_state refers to
    open_state text,
    open_until timestamptz,
    status text,
    feature text,                  -- a GeoJSON Feature (RFC 7946)
    terms text                     -- a JSON array: attribution, licence and url of each dataset that lists it
);

-- A facility in the response to a search. Without results there is one row, in which it is NULL.
CREATE TYPE facility_search.found AS (
    data_version text,
    nearest_m float8,              -- as in facility_search.nearby
    id bigint,                     -- this and the following columns: only those of a card that are used, because each
    distance_m float8,             -- costs time for each facility
    quality float8,
    sd float8,
    utility float8,
    status text,
    feature text,
    terms text
);
