-- The columns that messaging, approvals and the business date change, in every service's database. A login that works in a
-- database may change these and its service's own (services/<service>/grants.sql), and no other column of any table:
-- `canbao migrate` takes every other right to change away. `{role}` is the service's login.

GRANT UPDATE (epoch, seq) ON aggregate TO {role};
GRANT UPDATE (decided_at, decided_because, decided_by, decided_on, state) ON approval TO {role};
GRANT UPDATE (business_date) ON business_date TO {role};
GRANT UPDATE (last_event_id, next_offset) ON consumer_offset TO {role};
GRANT UPDATE (epoch, last_event_id, last_recorded_at, seq) ON cursor TO {role};
GRANT UPDATE (attempts, error, last_tried_at, last_tried_by, reason, settled_at, settled_because, settled_by, state)
    ON dead_letter TO {role};
GRANT UPDATE (settled_at, settled_because) ON lost_event TO {role};
GRANT UPDATE (published_at) ON outbox TO {role};
GRANT UPDATE (expires_at, owner, seen_event_id, seen_offset, token) ON relay_lane TO {role};
GRANT UPDATE (expires_at) ON relay_member TO {role};
