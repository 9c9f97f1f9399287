#!/usr/bin/env bats
# What is backed up beside plain files: live databases, and what commands say.

load house
load backup/sqlite_hammer

setup() {
	dir=$BATS_TEST_TMPDIR
	export AIKIT_BACKUP_REPO=$dir/repo AIKIT_BACKUP_KEY_FILE=$dir/key
	export XDG_STATE_HOME=$dir/state
	(umask 077 && head -c 32 /dev/urandom >"$dir/key")
	aikit-backup init >/dev/null
}

# A database whose writer was killed amid a transaction that is in the file.
crash() {
	python3 - "$1" <<-'PY' || true
		import os, sqlite3, sys
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("PRAGMA journal_mode=DELETE")
		db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INT, pad BLOB)")
		db.execute("BEGIN")
		db.executemany("INSERT INTO t VALUES (?, 1, ?)",
		    ((i, os.urandom(500)) for i in range(5000)))
		db.execute("COMMIT")
		db.execute("PRAGMA cache_size=5")
		db.execute("BEGIN")
		db.execute("UPDATE t SET v = 2")
		os.kill(os.getpid(), 9)
	PY
	[ -s "$1-journal" ]
}

answer() {
	python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' "$@"
}

@test "a database written to in WAL mode: every copy is one state, no writer is turned away" {
	run -0 hammer "$dir" WAL 10 1000
	[ "$(jq -c '[.bad, .busy]' <<<"$output")" = "[0,0]" ] || deny "$output"
	[ "$(jq .transactions <<<"$output")" -gt 100 ]
}

@test "a database written to with a rollback journal: the same" {
	run -0 hammer "$dir" DELETE 10 1000
	[ "$(jq -c '[.bad, .busy]' <<<"$output")" = "[0,0]" ] || deny "$output"
	[ "$(jq .transactions <<<"$output")" -gt 100 ]
}

@test "a journal left by a crash comes along, and undoes what was not committed" {
	mkdir "$dir/data"
	crash "$dir/data/app.db"
	exec 7<>"$dir/data/app.db" # so that somebody has it open
	for source in "sqlite:$dir/data/app.db" "$dir/data"; do
		run -0 --separate-stderr aikit-backup backup "$source"
		rm -rf "$dir/back"
		run -0 --separate-stderr aikit-backup restore latest --to "$dir/back"
		[ "$(answer "$dir/back$dir/data/app.db" 'PRAGMA integrity_check')" = ok ]
		[ "$(answer "$dir/back$dir/data/app.db" 'SELECT sum(v) FROM t')" = 5000 ]
	done
	exec 7>&-
}

@test "what is no SQLite database is not taken for one" {
	head -c 4096 /dev/urandom >"$dir/x.db"
	run -65 --separate-stderr aikit-backup backup "sqlite:$dir/x.db"
	[[ $stderr == *"no SQLite database"* ]]
}

@test "exec: the words of a command as they are quoted, and no shell" {
	run -0 --separate-stderr aikit-backup backup \
	    "exec:said=printf '%s|' \"a b\" 'c \$HOME' d\\ e ; *"
	run -0 --separate-stderr aikit-backup cat latest /exec/said
	[ "$output" = 'a b|c $HOME|d e|;|*|' ]
}

@test "exec: an exit status fails the source, whatever was written; others stay" {
	mkdir "$dir/data"
	echo x >"$dir/data/f"
	run -1 --separate-stderr aikit-backup backup "$dir/data" \
	    "exec:bad=sh -c 'echo half; echo lost: password=hunter2secret >&2; exit 3'"
	[[ $stderr == *"exit 3"*lost* ]]
	[[ $stderr != *hunter2secret* ]]
	run -66 --separate-stderr aikit-backup cat latest /exec/bad
	run -0 --separate-stderr aikit-backup cat latest "$dir/data/f"
	[ "$output" = x ]
	run -0 --separate-stderr aikit-backup show latest
	[[ $(jq -r 'select(.source == "exec:bad").problem' <<<"$output") == *"exit 3"* ]]
}

@test "exec: what cannot be a source is usage, and says how it is written" {
	while IFS='|' read -r word text; do
		run -64 --separate-stderr aikit-backup backup "$word"
		complains
		[[ $stderr == *"$text"* ]] || deny "$word: $stderr"
	done <<-'E'
		exec:|exec:NAME=COMMAND
		exec:=true|exec:NAME=COMMAND
		exec:a/b=true|exec:NAME=COMMAND
		exec:a=|no command
		exec:a='b|is not closed
	E
}

@test "a large output in pieces is the same bytes" {
	run -0 --separate-stderr aikit-backup backup \
	    "exec:big=seq 1 400000"
	[ "$(aikit-backup cat latest /exec/big | sha256sum)" = "$(seq 1 400000 | sha256sum)" ]
}

@test "a name between a database and its -wal does not part them" {
	mkdir -p "$dir/data/app.db (old)"
	head -c 1500000 /dev/urandom >"$dir/data/app.db (copy)"
	head -c 1500000 /dev/urandom >"$dir/data/app.db (old)/more"
	python3 - "$dir" 3>&- <<-'PY' &
		import os, random, sqlite3, sys
		db = sqlite3.connect(sys.argv[1] + "/data/app.db", isolation_level=None)
		db.execute("PRAGMA journal_mode=WAL")
		db.execute("PRAGMA wal_autocheckpoint=20")
		db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INT, pad BLOB)")
		db.execute("CREATE INDEX i ON t (v)")
		db.executemany("INSERT INTO t VALUES (?, 0, zeroblob(900))",
		    ((i,) for i in range(300)))
		n = 0
		while os.path.exists(sys.argv[1] + "/data"):
		    n += 1
		    db.execute("BEGIN IMMEDIATE")
		    for by in 1, -1:
		        db.execute("UPDATE t SET v = v + ? WHERE id = ?",
		            (by, random.randrange(300)))
		    db.execute("COMMIT")
		    if n == 100:
		        open(sys.argv[1] + "/begun", "w")
	PY
	writer=$!
	wait_for 10 test -e "$dir/begun"
	for _ in 1 2; do
		run aikit-backup backup --limit-rate 2M "$dir/data"
		rm -rf "$dir/back"
		aikit-backup restore latest --to "$dir/back" >/dev/null
		run answer "$dir/back$dir/data/app.db" 'PRAGMA integrity_check'
		[ "$output" = ok ] || { kill "$writer"; deny "$output"; }
		run answer "$dir/back$dir/data/app.db" \
		    'SELECT count(*) || " " || sum(v) FROM t'
		[ "$output" = '300 0' ] || { kill "$writer"; deny "$output"; }
	done
	kill "$writer"
}
