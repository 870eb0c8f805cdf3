-- What remains of an erased conversation: that it was erased, so that a later delivery does not bring it back.
CREATE TABLE erasures (
  conversation_sha256 TEXT PRIMARY KEY,
  erased_at INTEGER NOT NULL,
  -- Only until everything of it is gone: whoever starts in between finishes the work.
  conversation_id TEXT,
  is_complete INTEGER NOT NULL DEFAULT 0 CHECK (is_complete IN (0, 1))
) STRICT;

CREATE INDEX erasures_incomplete ON erasures (is_complete) WHERE is_complete = 0;
