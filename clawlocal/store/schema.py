"""The SQL of each migration. What must always hold is said here, where no caller can forget it."""

CONVERSATIONS = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    title TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    model TEXT NOT NULL,
    system TEXT NOT NULL,
    learning INTEGER NOT NULL CHECK (learning IN (0, 1))
);
CREATE INDEX sessions_updated ON sessions (updated);
-- A tree. `parent` does not cascade: SQLite would recurse once per message, and has a limit of 1000.
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT UNIQUE NOT NULL,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    parent TEXT REFERENCES messages (id),
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    note TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX messages_session ON messages (session, seq);
CREATE INDEX messages_parent ON messages (parent);
-- Ids are little-endian int32, log-probabilities float64: exactly what was served.
CREATE TABLE turns (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT UNIQUE NOT NULL,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    user_message TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    reply_message TEXT UNIQUE NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    adapter TEXT NOT NULL,
    prompt_ids BLOB NOT NULL,
    token_ids BLOB NOT NULL,
    logprobs BLOB NOT NULL,
    temperature REAL NOT NULL,
    stopped TEXT NOT NULL,
    first_token_seconds REAL NOT NULL,
    total_seconds REAL NOT NULL,
    created TEXT NOT NULL,
    "use" TEXT NOT NULL CHECK ("use" IN ('open', 'queued', 'used', 'skipped')),
    reason TEXT NOT NULL,
    rating INTEGER NOT NULL CHECK (rating IN (-1, 0, 1)),
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX turns_session ON turns (session, seq);
CREATE INDEX turns_user_message ON turns (user_message);
CREATE INDEX turns_use ON turns ("use");
CREATE TABLE signals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    turn TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    value INTEGER NOT NULL,
    text TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX signals_turn ON signals (turn);
CREATE TABLE verdicts (
    signal INTEGER PRIMARY KEY REFERENCES signals (id) ON DELETE CASCADE,
    turn TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    value INTEGER NOT NULL CHECK (value IN (-1, 0, 1)),
    votes TEXT NOT NULL,
    margin REAL NOT NULL,
    abstained INTEGER NOT NULL CHECK (abstained IN (0, 1)),
    stage TEXT NOT NULL,
    reason TEXT NOT NULL,
    hint TEXT NOT NULL,
    hint_dropped TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX verdicts_turn ON verdicts (turn);
CREATE TABLE state (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    created TEXT NOT NULL,
    data TEXT NOT NULL
);
"""

LEARNING = """
CREATE TABLE updates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    model TEXT NOT NULL,
    parent TEXT,
    live_then TEXT,
    status TEXT NOT NULL CHECK (status IN ('running', 'published', 'rejected', 'nothing_to_do', 'failed')),
    version TEXT,
    samples TEXT NOT NULL,
    lessons TEXT NOT NULL,
    metrics TEXT NOT NULL,
    gate TEXT NOT NULL,
    seconds REAL NOT NULL,
    reason TEXT NOT NULL,
    created TEXT NOT NULL
);
-- Which turns went into which update. No reference to `turns`: it outlives them.
CREATE TABLE update_turns (
    update_id INTEGER NOT NULL REFERENCES updates (id),
    turn TEXT NOT NULL,
    PRIMARY KEY (update_id, turn)
) WITHOUT ROWID;
CREATE INDEX update_turns_turn ON update_turns (turn);
CREATE TABLE adapters (
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'kept')),
    created TEXT NOT NULL,
    rank INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    parent TEXT,
    path TEXT NOT NULL,
    metrics TEXT NOT NULL,
    PRIMARY KEY (model, version)
);
-- Exactly one version is live for a model, or none.
CREATE UNIQUE INDEX adapters_live ON adapters (model) WHERE state = 'live';
CREATE TABLE versions (model TEXT PRIMARY KEY NOT NULL, last INTEGER NOT NULL);
CREATE TABLE lessons (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT UNIQUE NOT NULL,
    text TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'active', 'learned', 'vetoed')),
    "update" INTEGER REFERENCES updates (id),
    created TEXT NOT NULL
);
CREATE TABLE lesson_turns (
    lesson INTEGER NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    turn TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    PRIMARY KEY (lesson, turn)
) WITHOUT ROWID;
CREATE INDEX lesson_turns_turn ON lesson_turns (turn);
-- Every update that taught a lesson: a rollback can then say what the weights still know.
CREATE TABLE lesson_updates (
    lesson INTEGER NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    update_id INTEGER NOT NULL REFERENCES updates (id),
    PRIMARY KEY (lesson, update_id)
) WITHOUT ROWID;
"""

SEARCH = """
CREATE VIRTUAL TABLE messages_text USING fts5 (
    content, content = 'messages', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER messages_text_insert AFTER INSERT ON messages BEGIN
    INSERT INTO messages_text (rowid, content) VALUES (new.seq, new.content);
END;
CREATE TRIGGER messages_text_delete AFTER DELETE ON messages BEGIN
    INSERT INTO messages_text (messages_text, rowid, content) VALUES ('delete', old.seq, old.content);
END;
CREATE TRIGGER messages_text_update AFTER UPDATE OF content ON messages BEGIN
    INSERT INTO messages_text (messages_text, rowid, content) VALUES ('delete', old.seq, old.content);
    INSERT INTO messages_text (rowid, content) VALUES (new.seq, new.content);
END;
INSERT INTO messages_text (messages_text) VALUES ('rebuild');
"""

THOUGHTS = """
-- A thought is null where the model wrote none, and empty where it wrote an empty one.
ALTER TABLE messages ADD COLUMN thought TEXT;
ALTER TABLE messages ADD COLUMN tool_calls TEXT NOT NULL DEFAULT '[]';
ALTER TABLE turns ADD COLUMN thought_seconds REAL NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN tools TEXT NOT NULL DEFAULT '[]';
ALTER TABLE turns ADD COLUMN thinking INTEGER NOT NULL DEFAULT 1 CHECK (thinking IN (0, 1));
"""

REPLACED = """
-- The later lesson that took the place of this one, which is then not in the prompt, and not taught.
ALTER TABLE lessons ADD COLUMN replaced_by INTEGER REFERENCES lessons (id);
"""

SHARE = """
ALTER TABLE lessons ADD COLUMN share REAL;
"""

OFFLOAD = """
CREATE TABLE remotes (
    name TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    api_key_env TEXT NOT NULL,
    ca TEXT NOT NULL,
    plain INTEGER NOT NULL CHECK (plain IN (0, 1)),
    created TEXT NOT NULL
);
CREATE TABLE grants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    remote TEXT NOT NULL REFERENCES remotes (name) ON DELETE CASCADE,
    host TEXT NOT NULL,
    purpose TEXT NOT NULL,
    data TEXT NOT NULL,
    max_bytes INTEGER NOT NULL,
    expires TEXT NOT NULL,
    created TEXT NOT NULL,
    UNIQUE (remote, purpose)
);
-- What left the machine, without content. No references: it outlives grants and remotes.
CREATE TABLE egress (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    grant_id INTEGER NOT NULL,
    remote TEXT NOT NULL,
    host TEXT NOT NULL,
    purpose TEXT NOT NULL,
    sent INTEGER NOT NULL,
    received INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX egress_grant ON egress (grant_id);
ALTER TABLE turns ADD COLUMN remote TEXT NOT NULL DEFAULT '';
"""

STORAGE = """
ALTER TABLE remotes ADD COLUMN storage TEXT NOT NULL DEFAULT '';
"""

SSH = """
ALTER TABLE remotes ADD COLUMN ssh TEXT NOT NULL DEFAULT '';
"""

STORAGE_ENDPOINT = """
ALTER TABLE remotes ADD COLUMN storage_endpoint TEXT NOT NULL DEFAULT '';
"""

ANSWERS = """
-- What the user said to having a remote train what is too much for this machine; `declined` is what waited when it
-- was not wanted, in words.
CREATE TABLE answers (
    model TEXT NOT NULL,
    remote TEXT NOT NULL REFERENCES remotes (name) ON DELETE CASCADE,
    answer TEXT NOT NULL,
    declined TEXT NOT NULL,
    PRIMARY KEY (model, remote)
) WITHOUT ROWID;
"""

SERVINGS = """
-- Whose adapter speaks when a model of a remote is asked.
CREATE TABLE servings (
    remote TEXT NOT NULL REFERENCES remotes (name) ON DELETE CASCADE,
    target TEXT NOT NULL,
    model TEXT NOT NULL,
    folder TEXT NOT NULL,
    there TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (remote, target)
) WITHOUT ROWID;
-- Adapters that are there, or may be: written before they are sent, deleted when they are gone. No reference to
-- `adapters`: what was forgotten here may still be there.
CREATE TABLE loads (
    remote TEXT NOT NULL REFERENCES remotes (name) ON DELETE CASCADE,
    target TEXT NOT NULL,
    name TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    folder TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('loading', 'loaded', 'leaving', 'refused')),
    text TEXT NOT NULL,
    scores TEXT NOT NULL,
    PRIMARY KEY (remote, name)
) WITHOUT ROWID;
"""

POLICY = """
-- The model of this machine whose weights wrote a reply. Of one that a remote wrote: what its model was shown to be
-- when it replied, and null where that is nothing, as `no_policy` says.
ALTER TABLE turns ADD COLUMN policy TEXT;
ALTER TABLE turns ADD COLUMN no_policy TEXT NOT NULL DEFAULT '';
UPDATE turns SET policy = model WHERE remote = '';
UPDATE turns SET no_policy = CASE WHEN length(token_ids) = 0 THEN 'no ids' ELSE 'unknown' END WHERE remote != '';
"""

REMOTE_JOBS = """
-- Jobs on clusters. No references: it outlives remotes, and versions that are deleted.
CREATE TABLE remote_jobs (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    remote TEXT NOT NULL,
    model TEXT NOT NULL,
    parent TEXT,
    sha256 TEXT NOT NULL,
    batch TEXT NOT NULL,
    workers INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    text TEXT NOT NULL,
    tries INTEGER NOT NULL,
    created TEXT NOT NULL,
    changed TEXT NOT NULL
);
"""
