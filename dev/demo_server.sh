# SPDX-License-Identifier: MIT
# The steps of dev/demo --server: policies and the record of a machine on a server of their own.

export XDG_STATE_HOME=$FOLDER/home/state PATH=$ROOT/build/tools/server:$PATH
unset CHAPERONE_RECORD

# Starts the server in the background, on a free port or on the one that it had.
serve() {
	local ready=$FOLDER/ready
	rm -f "$ready" && mkfifo "$ready"
	show_command "chaperone-server run --data central --listen 127.0.0.1:${PORT:-0} &"
	(cd "$FOLDER" && exec chaperone-server run --data central --listen "127.0.0.1:${PORT:-0}" --ready-fd 9 9>"$ready" 2>>serve.log) &
	SERVE_PID=$!
	read -r PORT <"$ready" || die "the server does not start: $(cat "$FOLDER/serve.log")"
}

stop_serving() {
	show_command "kill $SERVE_PID   # the server"
	kill "$SERVE_PID" && wait "$SERVE_PID" 2>/dev/null
}

member() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$FOLDER/$1" "$2"; }

step "A server: its keys, its certificate, its first administrator"
run_shown "chaperone-server init --data central --name shop.example --json | tee made.json"
status_is 0
shows "author_key"
(umask 077 && member made.json author_key >"$FOLDER/admin.key" && member made.json password >"$FOLDER/password" && tr -d '\n' <"$FOLDER/password" >"$FOLDER/secret")
serve
meaning "One program and one folder. Password and author key are shown this once; the key signs policies and belongs to a person."

step "This machine becomes one of the server's"
run "chaperone-server code --data central --bundle shop"
CODE=${OUT##*$'\n'} CODE=${CODE%% *}
CODE=$(grep -o '^[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$' <<<"$OUT" | head -n 1)
show_command "chaperone-server code --data central --bundle shop"
printf '%s\n' "$OUT" | print_output
run_shown "chaperone enroll https://127.0.0.1:$PORT --code $CODE --host client.example"
status_is 0
shows "Enrolled with shop.example"
run_shown "chaperone run -- psql -c 'SELECT 1'"
status_is 125
shows "no policy has come"
meaning "The code holds the hash of the server's key, so no authority has to vouch for it. Without a policy nothing starts."

step "A policy is pushed, and signed by its author"
mkdir "$FOLDER/policies" && cp "$FOLDER/shop-demo.yaml" "$FOLDER/policies/shop.yaml"
run_shown "chaperone login --account admin --password-stdin <password"
status_is 0
run_shown "chaperone policy push policies --why 'clerks read, contact data is masked'"
status_is 0
DRAFT=$(grep -oE '[0-9a-f]{32}' <<<"$OUT" | head -n 1)
run_shown "chaperone policy sign --yes --key admin.key $DRAFT | sed '/^+++/,/^$/d'"
status_is 0
shows "in force"
meaning "Checked and tested on arrival; no server can make one up: machines believe the authors that they know."

step "psql under the server's policy"
run_shown "chaperone run -- psql -c 'SELECT name, email FROM customers LIMIT 2'"
status_is 0
shows "[redacted]"
hides "@"
run_shown "chaperone run -- psql -c 'DROP TABLE payments'"
status_is 1
shows "Rule no-destructive of policy shop-demo (v1)."
meaning "Nothing was copied to the machine by hand; a refusal names the version that it is of."

step "A new version holds in what runs already"
mkfifo "$FOLDER/typed"
show_command "chaperone run -- psql &"
(cd "$FOLDER" && exec chaperone run -- psql -qAt -v VERBOSITY=terse) <"$FOLDER/typed" >"$FOLDER/session.log" 2>&1 &
SESSION_PID=$!
exec 8>"$FOLDER/typed"
type_in() {
	show_command "$1"
	say "$1" >&8
	for ((i = 0; i < 100; i++)); do
		[ "$(wc -l <"$FOLDER/session.log")" -lt "$2" ] || break
		sleep 0.1
	done
	OUT=$(sed -n "$2p" "$FOLDER/session.log")
	STATUS=0
	printf '%s\n' "$OUT" | print_output
}
type_in "UPDATE orders SET cents = 3300 WHERE id = 10 RETURNING cents;" 1
shows 3300
sleep 1.5 # until the agent listens to the server
run_shown "sed -i 's/do: .insert, update./do: insert/' policies/shop.yaml"
run_shown "chaperone policy push policies --why 'orders stay as they are' --yes --key admin.key"
status_is 0
sleep 2
type_in "UPDATE orders SET cents = 1 WHERE id = 10;" 2
shows "chaperone refused this"
holds 3300 "$(ask_server 'SELECT cents FROM orders WHERE id = 10')" "the order was left alone"
exec 8>&-
wait "$SESSION_PID" 2>/dev/null
run_shown "chaperone policy log"
shows "orders stay as they are"
meaning "The same psql, the same connection: what was allowed is refused from the moment that version 2 is signed."

step "What is kept on the machine is believed as little as what comes"
run_shown "cp home/state/chaperone/server/policy kept && sed -i 's/do: insert/do: update/' home/state/chaperone/server/policy"
stop_serving
run_shown "chaperone run -- psql -c 'SELECT 1'"
status_is 125
run_shown "cp kept home/state/chaperone/server/policy"
meaning "The files are not those that were signed; the author's signature is checked each time."

step "The server is away"
run_shown "chaperone run -- psql -c 'SELECT name, email FROM customers LIMIT 1'"
status_is 0
shows "[redacted]"
run_shown "chaperone status"
status_is 1
meaning "The last policy stays in force, for as long as it says itself (stale); the record waits on this machine."

step "The server is back, and has what was done meanwhile"
serve
run_shown "chaperone audit deliver"
status_is 0
shows "it lacks 0 entries"
run_shown "chaperone-server agent list --data central"
shows "client.example"
meaning "Runs deliver every second; what a server that is away does not get, it gets later, once and in order."

step "The server's pages, as a browser gets them"
CURL="curl -sS --cacert central/tls.crt --cookie jar --cookie-jar jar"
PAGES=https://127.0.0.1:$PORT
run_shown "$CURL -H 'Origin: $PAGES' --data-urlencode account=admin --data-urlencode password@secret -o page -w '%{http_code}' $PAGES/login"
status_is 0
shows 303
run_shown "$CURL '$PAGES/record?verdict=refused' | sed 's/<[^>]*>/ /g' | grep -i -m 1 'drop table'"
status_is 0
run_shown "$CURL $PAGES/agents | grep -o 'client.example'"
status_is 0
PICTURES=$ROOT/build/demo-pages
if command -v chromium chromedriver >/dev/null && /usr/bin/python3 -c 'import selenium' 2>/dev/null; then
	run "/usr/bin/python3 $ROOT/dev/page_pictures.py $PAGES admin password $PICTURES"
	status_is 0
	say "    Pictures of them, light and dark, wide and narrow: $PICTURES"
fi
if [ "$LOOK" = yes ]; then
	say "    $PAGES/  account admin, password $(cat "$FOLDER/password"); its certificate is its own"
	say "    Look at the overview; at Record, a statement and its proof; Policies, what a version changed; People, and Log."
	read -r -p "    Enter goes on. " </dev/tty
fi
meaning "Whole without scripts. A password that is wrong, another site's form or another role's page is refused as in any browser."

step "The record, verified on another account"
run_shown "chaperone-server export --data central --to record.export"
status_is 0
chmod 644 "$FOLDER/record.export"
install -m 644 tools/server/record/verify_export.py "$FOLDER/verify_export.py"
AUDITOR=$([ "$(id -u)" = 0 ] && echo "setpriv --reuid=nobody --regid=nogroup --clear-groups ")
run_shown "${AUDITOR}python3 verify_export.py record.export"
status_is 0
shows "good"
cp "$FOLDER/record.export" "$FOLDER/forged.export"
python3 - "$FOLDER/forged.export" <<'PYTHON'
import pathlib, sys
path = pathlib.Path(sys.argv[1])
data = bytearray(path.read_bytes())
data[len(data) // 2] ^= 1
path.write_bytes(data)
PYTHON
run_shown "${AUDITOR}python3 verify_export.py forged.export   # in which one bit is another"
status_is 1
meaning "Chains, Merkle tree and signed checkpoints, by a script that needs nothing but Python."

step "A version is taken back, as a higher one"
run_shown "chaperone policy rollback 1 --why 'orders may change again' --yes --key admin.key"
status_is 0
run_shown "chaperone run -- psql -qAt -c 'UPDATE orders SET cents = 3400 WHERE id = 10 RETURNING cents'"
status_is 0
shows 3400
run_shown "chaperone policy log"
shows 3
meaning "A machine never takes an older version; the old text comes back as version 3, with who and why."
stop_serving
