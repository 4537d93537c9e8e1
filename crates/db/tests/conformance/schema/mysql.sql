CREATE TABLE posts (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    title VARCHAR(700) NOT NULL UNIQUE,
    href TEXT,
    body LONGTEXT NOT NULL DEFAULT (''),
    views BIGINT NOT NULL DEFAULT 0,
    token TEXT,
    status VARCHAR(100) DEFAULT 'draft',
    inserted_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL
);
CREATE TABLE tags (
    name VARCHAR(255) COLLATE utf8mb4_bin PRIMARY KEY,
    weight BIGINT NOT NULL DEFAULT 1,
    lower_name VARCHAR(255) GENERATED ALWAYS AS (lower(name)) STORED,
    CONSTRAINT weight_is_positive CHECK (weight > 0),
    UNIQUE INDEX tags_lower_name (lower_name)
);
CREATE TABLE comments (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    post_id BIGINT NOT NULL,
    tag_name VARCHAR(255) COLLATE utf8mb4_bin,
    body TEXT NOT NULL,
    INDEX comments_post_id (post_id),
    FOREIGN KEY (post_id) REFERENCES posts (id),
    FOREIGN KEY (tag_name) REFERENCES tags (name)
);
CREATE TABLE things (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    small SMALLINT, medium INT, big BIGINT, byte SMALLINT, word INT, `long` BIGINT,
    `float` FLOAT, `double` DOUBLE, flag TINYINT(1), text LONGTEXT, bytes LONGBLOB,
    moment DATETIME(6), naive DATETIME(6), day DATE, clock TIME(6)
);
CREATE TABLE users (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(255) NOT NULL UNIQUE,
    bio TEXT,
    manager_id BIGINT,
    FOREIGN KEY (manager_id) REFERENCES users (id)
);
CREATE TABLE profiles (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    motto TEXT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE TABLE articles (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    title TEXT NOT NULL,
    score BIGINT NOT NULL DEFAULT 0,
    rating DOUBLE,
    author_id BIGINT,
    editor_id BIGINT,
    status VARCHAR(100) NOT NULL DEFAULT 'draft',
    created DATETIME(6) NOT NULL,
    changed DATETIME(6),
    FOREIGN KEY (author_id) REFERENCES users (id),
    FOREIGN KEY (editor_id) REFERENCES users (id)
);
CREATE TABLE remarks (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    article_id BIGINT NOT NULL,
    user_id BIGINT,
    body TEXT NOT NULL,
    FOREIGN KEY (article_id) REFERENCES articles (id),
    FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE TABLE labels (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(255) NOT NULL UNIQUE,
    uses BIGINT NOT NULL DEFAULT 0,
    note TEXT
);
CREATE TABLE articles_labels (
    article_id BIGINT NOT NULL,
    label_id BIGINT NOT NULL,
    PRIMARY KEY (article_id, label_id),
    FOREIGN KEY (article_id) REFERENCES articles (id),
    FOREIGN KEY (label_id) REFERENCES labels (id)
);
CREATE TABLE seats (
    hall VARCHAR(100) NOT NULL,
    number BIGINT NOT NULL,
    guest TEXT,
    PRIMARY KEY (hall, number)
);
CREATE TABLE documents (
    id BINARY(16) PRIMARY KEY,
    title TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    kind VARCHAR(100) NOT NULL DEFAULT 'note',
    level INT NOT NULL DEFAULT 1,
    settings JSON,
    tags JSON,
    price DECIMAL(40, 4),
    shout TEXT GENERATED ALWAYS AS (upper(title)) STORED
);
CREATE VIEW scores AS SELECT author_id, CAST(sum(score) AS SIGNED) AS total FROM articles GROUP BY author_id;
CREATE TABLE shelves (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    tags JSON NOT NULL,
    scores JSON,
    days JSON,
    prices JSON,
    `keys` JSON,
    flags JSON
);
