-- Where an event comes from: 'webhook' if ElevenLabs delivered and signed it, 'recovered' if it was fetched from its API.
ALTER TABLE events ADD COLUMN source TEXT NOT NULL DEFAULT 'webhook';

-- The body of a recovered event holds signed addresses that change, so that its hash can't tell it from another one.
CREATE UNIQUE INDEX events_recovered ON events (conversation_id, type) WHERE source = 'recovered';

-- Conversations that ElevenLabs has and that could not be fetched yet, so that a window that moves on does not forget them.
CREATE TABLE recovery_pending (
  conversation_id TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  tries INTEGER NOT NULL,
  -- Unix milliseconds; NULL: it is not tried again.
  next_try_at INTEGER,
  noted_at INTEGER NOT NULL
) STRICT;
