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
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    bio TEXT,
    manager_id INTEGER REFERENCES users
);
CREATE TABLE profiles (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users,
    motto TEXT NOT NULL
);
CREATE TABLE articles (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    score INTEGER NOT NULL DEFAULT 0,
    rating REAL,
    author_id INTEGER REFERENCES users,
    editor_id INTEGER REFERENCES users,
    status TEXT NOT NULL DEFAULT 'draft',
    created TEXT NOT NULL,
    changed TEXT
);
CREATE TABLE remarks (
    id INTEGER PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES articles,
    user_id INTEGER REFERENCES users,
    body TEXT NOT NULL
);
CREATE INDEX remarks_article_id ON remarks (article_id);
CREATE TABLE labels (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    uses INTEGER NOT NULL DEFAULT 0,
    note TEXT
);
CREATE TABLE articles_labels (
    article_id INTEGER NOT NULL REFERENCES articles,
    label_id INTEGER NOT NULL REFERENCES labels,
    PRIMARY KEY (article_id, label_id)
);
CREATE TABLE seats (
    hall TEXT NOT NULL,
    number INTEGER NOT NULL,
    guest TEXT,
    PRIMARY KEY (hall, number)
);
CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    kind TEXT NOT NULL DEFAULT 'note',
    level INTEGER NOT NULL DEFAULT 1,
    settings TEXT,
    tags TEXT,
    price TEXT,
    shout TEXT GENERATED ALWAYS AS (upper(title)) STORED
);
CREATE VIEW scores AS SELECT author_id, sum(score) AS total FROM articles GROUP BY author_id;
CREATE TABLE shelves (
    id INTEGER PRIMARY KEY,
    tags TEXT NOT NULL,
    scores TEXT,
    days TEXT,
    prices TEXT,
    keys TEXT,
    flags TEXT
);
