-- The database of kiosk. Money is in cents, time in milliseconds since 1970 in UTC.
-- The rules are decided in store/rules; the constraints here make a wrong state impossible.

-- "kios", and the version of this schema: both are checked before a file is touched.
PRAGMA application_id = 0x6b696f73;
PRAGMA user_version = 2;

-- The random id of this database, which no copy that kiosk makes has (store/lineage). These tables are
-- the first: their only rows are on pages 2 and 3 and are read there without SQLite. The mark holds
-- the id between two equal numbers, and is written into every WAL; the anchor stays as it was made.
CREATE TABLE lineage (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  mark     BLOB    NOT NULL CHECK (length(mark) = 32)
) STRICT;
CREATE TABLE lineage_anchor (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  id       BLOB    NOT NULL CHECK (length(id) = 16)
) STRICT;

-- What the shop was opened with; `text` is the seed as it was read, to go back to.
CREATE TABLE seed (
  only_row         INTEGER PRIMARY KEY CHECK (only_row = 1),
  starting_balance INTEGER NOT NULL CHECK (starting_balance >= 0),
  text             TEXT    NOT NULL
) STRICT;

-- A random number, part of every ETag, renewed whenever the content is replaced as a whole.
CREATE TABLE generation (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  number   INTEGER NOT NULL
) STRICT;

-- The number that is assigned next: it follows the largest ever assigned or accepted. No row: 1.
CREATE TABLE next_ids (
  kind TEXT    PRIMARY KEY CHECK (kind IN ('purchase', 'order', 'service')),
  next INTEGER NOT NULL CHECK (next BETWEEN 1 AND 9007199254740991)
) STRICT, WITHOUT ROWID;

------------------------------------------------------------------------------ the benefits shop

CREATE TABLE products (
  position   INTEGER PRIMARY KEY,                 -- the seed's order
  product_id TEXT    NOT NULL UNIQUE,
  name       TEXT    NOT NULL,
  price      INTEGER NOT NULL CHECK (price >= 0)
) STRICT;

-- For every user: starting_balance = balance + the sum of the totals of their orders.
CREATE TABLE users (
  user_id          TEXT    PRIMARY KEY CHECK (length(CAST(user_id AS BLOB)) BETWEEN 1 AND 128),
  starting_balance INTEGER NOT NULL CHECK (starting_balance >= 0),
  balance          INTEGER NOT NULL CHECK (balance BETWEEN 0 AND starting_balance)
) STRICT, WITHOUT ROWID;

CREATE TABLE benefit_orders (
  order_id   INTEGER PRIMARY KEY,
  user_id    TEXT    NOT NULL REFERENCES users,
  total      INTEGER NOT NULL CHECK (total >= 0),
  created_at INTEGER NOT NULL
) STRICT;

-- A product is owned once: from the seed, or as an item of the order that bought it. Orders are found
-- by their user here too: every one has an item.
CREATE TABLE owned_products (
  user_id    TEXT    NOT NULL REFERENCES users,
  product_id TEXT    NOT NULL REFERENCES products (product_id),
  position   INTEGER NOT NULL,                    -- in the order in which the user got them
  order_id   INTEGER REFERENCES benefit_orders,
  price      INTEGER CHECK (price >= 0),          -- as it was paid, whatever the product costs now
  PRIMARY KEY (user_id, product_id),
  CHECK ((order_id IS NULL) = (price IS NULL))
) STRICT, WITHOUT ROWID;

------------------------------------------------------------------------------ the order desk

CREATE TABLE services (
  id       INTEGER PRIMARY KEY CHECK (id >= 1),
  position INTEGER NOT NULL UNIQUE,               -- the order in which they were added
  name     TEXT    NOT NULL
) STRICT;

-- An id is unique; the number in front keeps 9 before 10.
CREATE TABLE desk_orders (
  id_number  INTEGER NOT NULL,                    -- the id's place among the ids: rules::OrderIdNumber
  id         TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
  datetime   INTEGER,
  totalfee   INTEGER CHECK (totalfee >= 0),
  product    TEXT    CHECK (length(product) BETWEEN 1 AND 200),
  quantity   INTEGER CHECK (quantity >= 1),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  place      INTEGER NOT NULL DEFAULT 0,          -- in listings: the datetime, or the end
  PRIMARY KEY (id_number, id),
  CHECK ((product IS NULL) = (quantity IS NULL))
) STRICT, WITHOUT ROWID;
-- The order of every listing, and the neighbours for the three-hour rule.
CREATE INDEX desk_orders_by_place ON desk_orders (place, id_number, id);

CREATE TABLE desk_order_services (
  order_number INTEGER NOT NULL,
  order_id     TEXT    NOT NULL,
  position     INTEGER NOT NULL,                  -- as the client listed them
  service_id   INTEGER NOT NULL REFERENCES services,
  place        INTEGER NOT NULL DEFAULT 0,        -- of the order: the index lists a service's orders
  PRIMARY KEY (order_number, order_id, service_id),
  FOREIGN KEY (order_number, order_id) REFERENCES desk_orders ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX desk_order_services_by_service
  ON desk_order_services (service_id, place, order_number, order_id);

-- The places also follow what other programs write.
CREATE TRIGGER desk_order_inserted AFTER INSERT ON desk_orders
  WHEN new.place <> ifnull(new.datetime, 9223372036854775807)
BEGIN
  UPDATE desk_orders SET place = ifnull(datetime, 9223372036854775807)
    WHERE id_number = new.id_number AND id = new.id;
END;
CREATE TRIGGER desk_order_updated AFTER UPDATE OF datetime ON desk_orders
  WHEN new.place <> ifnull(new.datetime, 9223372036854775807)
BEGIN
  UPDATE desk_orders SET place = ifnull(datetime, 9223372036854775807)
    WHERE id_number = new.id_number AND id = new.id;
END;
CREATE TRIGGER desk_order_moved AFTER UPDATE OF place ON desk_orders WHEN new.place <> old.place
BEGIN
  UPDATE desk_order_services SET place = new.place
    WHERE order_number = new.id_number AND order_id = new.id;
END;
CREATE TRIGGER desk_order_service_inserted AFTER INSERT ON desk_order_services
  WHEN new.place <> (SELECT place FROM desk_orders
                     WHERE id_number = new.order_number AND id = new.order_id)
BEGIN
  UPDATE desk_order_services
    SET place = (SELECT place FROM desk_orders
                 WHERE id_number = new.order_number AND id = new.order_id)
    WHERE order_number = new.order_number AND order_id = new.order_id
      AND service_id = new.service_id;
END;

-- Where deleted orders were, so that a page can begin after one; the latest 10,000.
CREATE TABLE deleted_orders (
  number INTEGER PRIMARY KEY,
  id     TEXT    NOT NULL UNIQUE,
  place  INTEGER NOT NULL
) STRICT;

-- An order as it is read: a row for each of its services, or one without any.
CREATE VIEW desk_order_rows AS
  SELECT id_number, desk_orders.id, datetime, totalfee, product, quantity, created_at, updated_at,
         services.id AS service_id, services.name AS service_name, chosen.position,
         desk_orders.place
  FROM desk_orders
    LEFT JOIN desk_order_services AS chosen ON order_number = id_number AND order_id = desk_orders.id
    LEFT JOIN services ON services.id = chosen.service_id;

------------------------------------------------------------------------------ repeated requests

-- The first answer to a POST with an Idempotency-Key, kept for 24 hours.
CREATE TABLE idempotent_answers (
  key         TEXT    PRIMARY KEY,
  fingerprint INTEGER NOT NULL,                   -- of the method, the path and the body
  status      INTEGER NOT NULL,
  location    TEXT    NOT NULL,                   -- empty: none
  body        TEXT    NOT NULL,
  created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotent_answers_by_age ON idempotent_answers (created_at);
