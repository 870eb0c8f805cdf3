-- What is searched of each conversation: see src/query/postgres/words.ts. It goes with the conversation's row.
CREATE TABLE conversation_search (
  conversation_id text COLLATE "C" PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
  words tsvector COMPRESSION lz4 NOT NULL
);

CREATE INDEX conversation_search_words ON conversation_search USING gin (words);

-- How far events have been taken over into it; one row.
CREATE TABLE conversation_search_state (
  event_id bigint NOT NULL,
  reprocessed_count bigint NOT NULL
);

INSERT INTO conversation_search_state VALUES (0, 0);
