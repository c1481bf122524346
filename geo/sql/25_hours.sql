-- Compiled opening hours: NULL if they are unknown as a whole.

-- The state (open, closed or unknown) at an instant, from the compiled hours.
CREATE FUNCTION facility_search.open_state(open_during tstzmultirange, unknown_during tstzmultirange, at timestamptz)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN open_during @> at THEN 'open'
         WHEN unknown_during @> at IS NOT FALSE THEN 'unknown'
         ELSE 'closed' END;

-- The periods in which the state is one of the given ones ('open', 'unknown').
CREATE FUNCTION facility_search.during_states(open_during tstzmultirange, unknown_during tstzmultirange, states text[])
RETURNS tstzmultirange LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN open_during IS NULL
         THEN CASE WHEN 'unknown' = ANY (states) THEN '{(,)}'::tstzmultirange ELSE '{}' END
         ELSE (CASE WHEN 'open' = ANY (states) THEN open_during ELSE '{}' END)
              + (CASE WHEN 'unknown' = ANY (states) THEN unknown_during ELSE '{}' END) END;
