-- Lists by time, newest first; the rowid, which grows with arrival, is part of every index and breaks ties. Nearly
-- sorted as it comes, it is appended to. Numbers, users and the like are looked up in the search index instead: an index
-- of them here would touch a random page for every conversation.
CREATE INDEX conversations_started_at ON conversations (started_at);
