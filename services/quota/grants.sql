-- The columns of its own tables that quota changes; see shared/database/grants.sql.

GRANT UPDATE (actor, correlation_id, enrolled, recorded_at, registered, terminated) ON village_counter TO {role};
