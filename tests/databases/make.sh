#!/bin/sh
# make.sh KIOSK NAME: writes NAME.db with the kiosk given, and what it answers to NAME.txt: a target
# and a body on each line. Run with the last kiosk of a schema version before the next one lands.
set -eu
kiosk=$1
name=$2
port=4917
rm -f "$name.db" "$name.txt"
"$kiosk" --quiet --db "$name.db" --port $port >/dev/null &
pid=$!
url=http://localhost:$port
until curl -sf $url/healthz >/dev/null; do :; done

send() { # METHOD TARGET BODY [KEY]
    curl -s -X "$1" -H 'Content-Type: application/json' ${4:+-H "Idempotency-Key: $4"} -d "$3" "$url$2"
    echo
}
send POST /api/orders '{"order": {"items": ["netflix", "tap"], "user_id": "ana"}}'
send POST /api/orders '{"order": {"items": ["worten"], "user_id": "ana"}}' purchase
send POST /api/orders '{"order": {"items": ["spotify"], "user_id": "João"}}'
send POST /services '{"name": "Cleaning"}'
send PUT /services/456 '{"name": "Deep analysis"}'
send POST /services '{"name": "Large", "id": 5000000000000}'
send POST /orders '{"services": ["790", "123"], "totalfee": 10.5, "datetime": "2023-01-01T10:00:00Z"}' order
send POST /orders '{"product": "Lamp", "quantity": 3}'
send POST /orders '{"product": "Both", "quantity": 1, "services": [456], "totalfee": 0, "datetime": "2023-01-02T10:00:00Z"}'
send POST /orders '{"product": "Named", "quantity": 1, "id": "a-1"}'
send POST /orders '{"product": "Uncounted", "quantity": 1, "id": "1000000000000"}'
send POST /orders '{"product": "Counted", "quantity": 1, "id": "300"}'
send POST /orders '{"product": "Gone", "quantity": 1}'
send PUT /orders/226 '{"totalfee": 11}'
send DELETE /orders/224 ''

for target in /api/users/ana /api/users/Jo%C3%A3o /api/products '/api/orders?user_id=ana' /api/orders/3 \
    /orders /orders/226 /orders/a-1 '/orders?service_id=123' /services /services/456; do
    printf '%s %s\n' "$target" "$(curl -s "$url$target")" >>"$name.txt"
done
kill $pid
wait $pid
