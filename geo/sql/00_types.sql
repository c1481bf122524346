-- The functions of the search, in a schema of their own. geo/schema.py installs the numbered files in their order whenever
-- they differ from what is installed. PL/pgSQL keeps the plans of its statements for as long as a connection lives, so that
-- no request pays for planning; force_generic_plan because a plan for the values of a call costs five times what it saves.
-- The constants of the formulas are functions that geo/schema.py makes of those in Python; the planner puts in their values.

-- What a facility must be. NULL asks for nothing.
CREATE TYPE facility_search.needs AS (
    offered bigint,            -- traits of which it must have one at least; geo/facilities/attributes.py has the bits
    ruled_out bigint,          -- traits of which it must have none
    verdicts text[],
    open_states text[],       -- of 'open', 'closed', 'unknown', at the moment that open_at or open_on_arrival tells
    open_at timestamptz,      -- NULL: at the request's as_of
    open_on_arrival boolean   -- each facility at its own arrival
);

-- How quality and distance become one number, U = quality_weight * q - kappa * sd - beta * distance.
CREATE TYPE facility_search.ranking AS (
    quality_weight float8,
    kappa float8,              -- stars of utility lost for each star of standard deviation
    beta_per_m float8,         -- stars of utility lost for each metre
    seconds_per_m float8       -- of the way there
);

CREATE TYPE facility_search.ranked AS (
    facility_id bigint,
    distance_m float8,
    quality float8,
    sd float8,
    verdict text,
    utility float8,
    is_doubtful boolean        -- reported closed: ranked behind all that are not
);

CREATE TYPE facility_search.boxes AS (box geometry, box_beyond_antimeridian geometry);
