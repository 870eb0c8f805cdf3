CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT,
  conversation_id TEXT,
  agent_id TEXT,
  event_timestamp INTEGER,
  received_at INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('processed', 'quarantined')),
  error TEXT,
  body_sha256 TEXT NOT NULL,
  body_bytes INTEGER NOT NULL,
  payload ANY,
  payload_path TEXT
) STRICT;

-- The same body is stored once. Led by the conversation's id, which grows with time, the index finds the events of a
-- conversation too and is appended to; one of hashes alone would touch a random page for every event.
CREATE UNIQUE INDEX events_body ON events (conversation_id, body_sha256) WHERE conversation_id IS NOT NULL;
CREATE UNIQUE INDEX events_body_without_conversation ON events (body_sha256) WHERE conversation_id IS NULL;

CREATE TABLE conversations (
  conversation_id TEXT PRIMARY KEY,
  agent_id TEXT,
  agent_name TEXT,
  status TEXT,
  user_id TEXT,
  started_at INTEGER,
  duration_secs INTEGER,
  cost_credits INTEGER,
  cost_usd REAL,
  direction TEXT,
  channel TEXT,
  external_number TEXT,
  agent_number TEXT,
  language TEXT,
  termination_reason TEXT,
  call_successful TEXT,
  title TEXT,
  summary TEXT,
  turn_count INTEGER,
  voicemail INTEGER,
  event_id INTEGER REFERENCES events (id),
  audio_path TEXT,
  audio_bytes INTEGER,
  audio_sha256 TEXT,
  audio_received_at INTEGER,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX conversations_audio_path ON conversations (audio_path) WHERE audio_path IS NOT NULL;

CREATE TABLE call_failures (
  event_id INTEGER PRIMARY KEY REFERENCES events (id),
  conversation_id TEXT,
  agent_id TEXT,
  reason TEXT,
  provider TEXT,
  provider_code TEXT,
  from_number TEXT,
  to_number TEXT,
  occurred_at INTEGER,
  metadata TEXT
) STRICT;

-- The turns are read out of the payload of the conversation's event, never stored twice. One odd event must not break
-- the view for all: json_each fails on text that is not JSON, and takes a JSON string for text to parse. So validity
-- and type are checked first, and of repeated members the last is taken, as JSON.parse does.
CREATE VIEW turns AS
WITH event AS (
  SELECT
    conversations.conversation_id,
    conversations.started_at,
    events.type,
    CASE WHEN json_valid(events.payload) THEN events.payload END AS payload
  FROM conversations
  JOIN events ON events.id = conversations.event_id
),
event_data AS (
  SELECT
    conversation_id,
    started_at,
    type,
    -- Older senders put the members of data at the top level.
    coalesce(
      (SELECT value FROM json_each(payload) WHERE key = 'data' AND json_each.type = 'object' ORDER BY id DESC LIMIT 1),
      payload
    ) AS data
  FROM event
)
SELECT
  conversation_id,
  CAST(turn.key AS INTEGER) AS turn,
  (SELECT value FROM json_each(turn.value) WHERE key = 'role' ORDER BY id DESC LIMIT 1) AS role,
  (SELECT value FROM json_each(turn.value) WHERE key = 'message' ORDER BY id DESC LIMIT 1) AS message,
  (SELECT value FROM json_each(turn.value) WHERE key = 'time_in_call_secs' ORDER BY id DESC LIMIT 1) AS time_in_call_secs
FROM event_data
JOIN json_each(
  (SELECT value FROM json_each(data) WHERE key = 'transcript' AND json_each.type = 'array' ORDER BY id DESC LIMIT 1)
) AS turn
WHERE event_data.type != 'post_call_transcription_otel' AND turn.type = 'object'
UNION ALL
SELECT
  conversation_id,
  (
    SELECT CAST(json_extract(value, '$.value.intValue') AS INTEGER) FROM json_each(span.value, '$.attributes')
    WHERE json_each.type = 'object' AND json_extract(value, '$.key') = 'elevenlabs.turn.index'
  ) AS turn,
  iif(json_extract(span.value, '$.name') = 'elevenlabs.recv.user_transcript', 'user', 'agent') AS role,
  (
    SELECT json_extract(value, '$.value.stringValue') FROM json_each(span.value, '$.attributes')
    WHERE json_each.type = 'object' AND json_extract(value, '$.key') IN ('elevenlabs.user.text', 'elevenlabs.agent.text')
  ) AS message,
  CAST(json_extract(span.value, '$.startTimeUnixNano') AS INTEGER) / 1000000000 - started_at AS time_in_call_secs
FROM event_data
JOIN json_each(data, '$.otlp_traces.resourceSpans') AS resource_span
JOIN json_each(iif(resource_span.type = 'object', resource_span.value, NULL), '$.scopeSpans') AS scope_span
JOIN json_each(iif(scope_span.type = 'object', scope_span.value, NULL), '$.spans') AS span
WHERE event_data.type = 'post_call_transcription_otel'
  AND json_extract(iif(span.type = 'object', span.value, NULL), '$.name')
    IN ('elevenlabs.recv.user_transcript', 'elevenlabs.recv.agent_response');
