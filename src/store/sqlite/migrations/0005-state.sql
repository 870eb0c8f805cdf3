-- What the receiver has to remember beyond one run and that is no event: one row per fact, named in store/state.ts.
CREATE TABLE state (
  name TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- A copy of the payload that every reader of SQLite can read, only for the rare event whose text holds a lone surrogate
-- (not Unicode: Python's sqlite3 refuses it) or NUL (C strings end there). The payload itself stays as it was signed.
ALTER TABLE events ADD COLUMN turns_payload TEXT;

-- As before, but reads the copy where there is one.
DROP VIEW turns;
CREATE VIEW turns AS
WITH event AS (
  SELECT
    conversations.conversation_id,
    conversations.started_at,
    events.type,
    iif(json_valid(coalesce(events.turns_payload, events.payload)), coalesce(events.turns_payload, events.payload), NULL)
      AS payload
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
