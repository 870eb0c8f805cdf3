-- Events by the time of their receipt, and their numbers by day, type and status, without a look at rows that hold
-- payloads.
CREATE INDEX events_received ON events (received_at, id, type, status, agent_id);

-- Events of one type in the order of their ids, for programs that follow what arrives.
CREATE INDEX events_type ON events (type);

CREATE INDEX events_quarantined ON events (id) WHERE status = 'quarantined';
CREATE INDEX events_payload_path ON events (payload_path) WHERE payload_path IS NOT NULL;

-- Whether ElevenLabs says that there is a recording: so that one which does not come is noticed. The index holds
-- conversations only while they wait for theirs.
ALTER TABLE conversations ADD COLUMN has_audio INTEGER;
CREATE INDEX conversations_awaiting_audio ON conversations (updated_at) WHERE has_audio = 1 AND audio_path IS NULL;

-- How much the recordings take, without a walk through their folder.
CREATE INDEX conversations_audio_bytes ON conversations (audio_received_at, audio_bytes) WHERE audio_bytes IS NOT NULL;
