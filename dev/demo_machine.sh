# SPDX-License-Identifier: MIT
# The steps of dev/demo: one machine, with a policy of its own.

step "The policy, in full"
show_command "cat shop-demo.yaml"
sed '/^# yaml-language-server/d' "$FOLDER/shop-demo.yaml" | print_output
run_shown "chaperone policy check shop-demo.yaml"
status_is 0
shows "0 errors"
meaning "No expression language: a closed set of words that can be reviewed line by line."

step "The same query, without and with chaperone"
run_side_by_side "psql -c 'SELECT name, email FROM customers'" \
	"chaperone run --policy shop-demo.yaml -- psql -c 'SELECT name, email FROM customers'"
[[ "$PLAIN_OUT" == *ada.quill@example.com* ]] || claim_failed "the ungoverned query shows addresses"
status_is 0
shows "[redacted]"
shows "Eilidh Brandt"
shows "(5 rows)"
hides "@"
meaning "Same psql, same server, same rows: only the protected column is masked."

step "DROP TABLE"
run_shown "chaperone run --policy shop-demo.yaml -- psql -c 'DROP TABLE payments'"
status_is 1
shows "ERROR:  chaperone refused this: DROP on public.payments"
shows "Rule no-destructive of policy shop-demo"
run_shown "psql -c 'SELECT count(*) FROM payments'"
shows 6
meaning "Refused with the rule's name and a reason; the table, which clerk owns, is still there."

step "A Python script, as it is"
show_command "cat shop_read.py"
sed '1,2d' "$FOLDER/shop_read.py" | print_output
run_shown "chaperone run --policy shop-demo.yaml -- python3 shop_read.py"
status_is 0
shows "(1, '[redacted]', 'likes tea')"
shows "(2, '[redacted]', 'also [email]')"
shows "(12, '[redacted]', None)"
meaning "Valid values of the columns' types: text as [redacted], an integer as None; an address in a note is found."

step "A DELETE hidden in a CTE"
run_shown "chaperone run --policy shop-demo.yaml -- psql -v VERBOSITY=terse -c 'WITH gone AS (
  DELETE FROM orders WHERE cents > 1000 RETURNING id) SELECT count(*) FROM gone'"
status_is 1
shows "chaperone refused this: DELETE on public.orders"
holds 6 "$(ask_server 'SELECT count(*) FROM orders')" "all orders are still there"
meaning "A statement is what it does, not its first word; all six orders are still there."

step "An alias that tries to leak"
run_shown "chaperone run --policy shop-demo.yaml -- psql -c 'SELECT c.name, c.x AS greeting
  FROM (SELECT name, lower(email) AS x FROM customers) c LIMIT 2'"
status_is 0
shows "[redacted]"
hides "@"
meaning "Masks follow a column through sub-queries, functions and new names."

step "A cast that tries to leak through its error"
run_shown "psql -c 'SELECT email::int FROM customers'"
shows "ada.quill@example.com"
run_shown "chaperone run --policy shop-demo.yaml -- psql -c 'SELECT email::int FROM customers'"
status_is 1
shows "chaperone refused this"
hides "@"
meaning "The server's own error would quote the address; an operation that can fail is a probe, and refused."

step "A single order may be changed"
run_shown "chaperone run --policy shop-demo.yaml -- psql -c '
  UPDATE orders SET cents = 3300 WHERE id = 10'"
status_is 0
shows "UPDATE 1"
holds 3300 "$(ask_server 'SELECT cents FROM orders WHERE id = 10')" "the order was changed"
run_shown "chaperone run --policy shop-demo.yaml -- psql -v VERBOSITY=terse -c '
  UPDATE orders SET cents = 0 WHERE 1 = 1'"
status_is 1
shows "UPDATE of every row of public.orders"
holds 0 "$(ask_server 'SELECT count(*) FROM orders WHERE cents = 0')" "no order was changed"
meaning "What the policy allows passes untouched; a WHERE that excludes no row counts as none."

step "SIGKILL in the middle of a statement"
SLOW="UPDATE orders SET cents = 1
  FROM pg_sleep(60) WHERE id = 11"
show_command "chaperone run --policy shop-demo.yaml -- psql -c '$SLOW' &"
(cd "$FOLDER" && exec chaperone run --policy shop-demo.yaml -- psql -c "$SLOW") >"$FOLDER/killed.log" 2>&1 </dev/null &
RUN_PID=$!
in_flight="SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = '$SLOW'"
for ((i = 0; i < 100; i++)); do
	[ "$(ask_server "$in_flight")" = 0 ] || break
	sleep 0.05
done
holds 1 "$(ask_server "$in_flight")" "the server is at work on the statement"
psql_pid=$(pgrep -P "$RUN_PID" -x psql)
show_command "kill -KILL ${psql_pid:-?}   # psql, while the server is at work on it"
[ -n "$psql_pid" ] && kill -KILL "$psql_pid"
wait "$RUN_PID" 2>/dev/null
STATUS=$?
status_is 137
KILLED=$(cd "$FOLDER" && chaperone audit list --json --limit 1)
show_command "chaperone audit list --limit 4"
run "chaperone audit list --limit 4"
say "$OUT" | wrap 100 '' ''
shows "UPDATE"
KILLED=${KILLED#*\"event\":\"} KILLED=${KILLED%%\"*}
run_shown "chaperone audit show $KILLED | sed '/^outcome/q'"
shows "UPDATE orders SET cents = ? FROM pg_sleep(?) WHERE id = ?"
shows "outcome"
holds 1800 "$(ask_server 'SELECT cents FROM orders WHERE id = 11')" "the order is as it was"
meaning "The intent was on record before the statement left, without its literals; no outcome came, and it says so."

step "The record verifies"
run_shown "chaperone audit verify"
status_is 0
shows "good"
meaning "Every entry is in a chain of SHA-256 hashes; without an outside head it says \"unanchored\"."

step "One byte is flipped in a copy of the record"
flip='import pathlib, sys
file = sorted(pathlib.Path("copy").glob("*.rec"))[0]
bytes = bytearray(file.read_bytes())
bytes[len(bytes) // 2] ^= 1
file.write_bytes(bytes)
print("flipped one bit at offset", len(bytes) // 2, "of", file)'
printf '%s\n' "$flip" >"$FOLDER/flip.py"
run_shown "cp -r record copy && python3 flip.py"
flipped=${OUT##* of copy/}
run_shown "chaperone audit verify --record copy"
status_is 1
shows "bad: "
shows "$flipped"
meaning "Verify fails and names the file, and the offset of the batch that was touched."
