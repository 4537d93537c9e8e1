CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL UNIQUE,
    href TEXT,
    body TEXT NOT NULL DEFAULT '',
    views INTEGER NOT NULL DEFAULT 0,
    token TEXT,
    status TEXT DEFAULT 'draft',
    inserted_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE TABLE comments (
    id INTEGER PRIMARY KEY,
    post_id INTEGER NOT NULL REFERENCES posts,
    tag_name TEXT REFERENCES tags (name),
    body TEXT NOT NULL
);
CREATE INDEX comments_post_id ON comments (post_id);
CREATE TABLE tags (
    name TEXT PRIMARY KEY NOT NULL,
    weight INTEGER NOT NULL DEFAULT 1 CONSTRAINT weight_is_positive CHECK (weight > 0)
);
CREATE UNIQUE INDEX tags_lower_name ON tags (lower(name));
CREATE TABLE things (
    id INTEGER PRIMARY KEY,
    small INTEGER, medium INTEGER, big INTEGER, byte INTEGER, word INTEGER, long INTEGER,
    float REAL, double REAL, flag INTEGER, text TEXT, bytes BLOB, moment TEXT, naive TEXT, day TEXT, clock TEXT
);
