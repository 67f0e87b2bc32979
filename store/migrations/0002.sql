-- From schema 1 to 2: ids are counted, listings have places, and files and tags are recognized.
-- Only the columns and rows matter here: the tables are then made again from schema.sql.

CREATE TABLE lineage (only_row INTEGER PRIMARY KEY, mark BLOB NOT NULL) STRICT;
CREATE TABLE lineage_anchor (only_row INTEGER PRIMARY KEY, id BLOB NOT NULL) STRICT;
CREATE TABLE generation (only_row INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;
CREATE TABLE deleted_orders (
  number INTEGER PRIMARY KEY,
  id     TEXT    NOT NULL UNIQUE,
  place  INTEGER NOT NULL
) STRICT;

-- Schema 1 assigned the number after the largest one; numbers from 10^12 on do not count.
CREATE TABLE next_ids (kind TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;
INSERT INTO next_ids (kind, next)
  SELECT 'purchase', max(order_id) + 1 FROM benefit_orders WHERE order_id < 1000000000000
    HAVING max(order_id) >= 0;
INSERT INTO next_ids (kind, next)
  SELECT 'order', max(id_number) + 1 FROM desk_orders WHERE id_number < 1000000000000
    HAVING max(id_number) >= 0;
INSERT INTO next_ids (kind, next)
  SELECT 'service', max(id) + 1 FROM services WHERE id < 1000000000000
    HAVING max(id) >= 0;

ALTER TABLE desk_orders ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE desk_orders SET place = ifnull(datetime, 9223372036854775807);
ALTER TABLE desk_order_services ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE desk_order_services
  SET place = (SELECT place FROM desk_orders WHERE id_number = order_number AND id = order_id);

-- Schema 1 made fingerprints with a hash that depends on the compiler: 0 matches any request.
UPDATE idempotent_answers SET fingerprint = 0;

PRAGMA user_version = 2;
