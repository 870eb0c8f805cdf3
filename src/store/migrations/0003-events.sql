-- Events by the time of their receipt, and their numbers by day, type and status, without a look at rows that hold
-- payloads.
CREATE INDEX events_received ON events (received_at, id, type, status, agent_id);

-- Events of one type in the order of their ids, for programs that follow what arrives.
CREATE INDEX events_type ON events (type);

CREATE INDEX events_quarantined ON events (id) WHERE status = 'quarantined';
CREATE INDEX events_payload_path ON events (payload_path) WHERE payload_path IS NOT NULL;
