-- Work that one instance does at a time: the one that holds its lease. Times in Unix ms, by the clock of this server.
CREATE TABLE leases (
  role text COLLATE "C" PRIMARY KEY,
  -- Of chance alone, another one each time that the lease is taken.
  holder text COLLATE "C" NOT NULL,
  -- Grows each time that the lease is taken: what an earlier holder writes late is refused by it.
  term bigint NOT NULL,
  expires_at bigint NOT NULL
);

-- A place in the events of this database: both are restored together.
CREATE TABLE forward_cursors (
  name text COLLATE "C" PRIMARY KEY,
  event_id bigint NOT NULL,
  reprocessed_count bigint NOT NULL,
  generation bigint NOT NULL DEFAULT 0,
  stopped text,
  succeeded_at bigint,
  failing_since bigint,
  removed_at bigint
);

-- Ids of events only: what is sent is read when it is sent.
CREATE TABLE forward_parked (
  destination text COLLATE "C" NOT NULL,
  event_id bigint NOT NULL,
  attempts bigint NOT NULL,
  due_at bigint,
  problem text,
  parked_at bigint NOT NULL,
  PRIMARY KEY (destination, event_id)
);

CREATE INDEX forward_parked_due ON forward_parked (destination, due_at);

-- The ids of erased conversations, until each destination has confirmed.
CREATE TABLE forward_announcements (
  destination text COLLATE "C" NOT NULL,
  conversation_id text COLLATE "C" NOT NULL,
  erased_at bigint NOT NULL,
  attempts bigint NOT NULL DEFAULT 0,
  due_at bigint NOT NULL,
  PRIMARY KEY (destination, conversation_id)
);

CREATE INDEX forward_announcements_due ON forward_announcements (destination, due_at);
