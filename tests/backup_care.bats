#!/usr/bin/env bats
# aikit-backup looked after: keys, verification by turns, status, schedule, and
# who is told.

load house

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export AIKIT_BACKUP_REPO=$PWD/repo AIKIT_BACKUP_KEY_FILE=$PWD/key
	export XDG_STATE_HOME=$PWD/state
	mkdir source
	seq 30000 >source/numbers
	head -c 300000 /dev/urandom >source/random
	aikit-backup init >/dev/null
	aikit-backup backup source >/dev/null
}

# field TYPE KEY: of the records in $output.
field() {
	jq -r "select(.type == \"$1\") | .$2" <<<"$output"
}

@test "a key slot is added, opens, and is removed; the last one is not" {
	(umask 077 && echo 'correct horse' >phrase)
	run -0 aikit-backup key add --new-passphrase-file phrase --label paper
	id=$(field key id)
	run -0 aikit-backup key list
	[ "$(field key kind | sort | xargs)" = 'key_file passphrase' ]
	[[ $(field key label) == *paper* ]]
	run -0 env -u AIKIT_BACKUP_KEY_FILE aikit-backup snapshots \
	    --passphrase-file phrase
	run -66 --separate-stderr aikit-backup key rm 0123456789abcdef
	complains
	run -0 aikit-backup key rm "$id"
	run -77 env -u AIKIT_BACKUP_KEY_FILE aikit-backup snapshots \
	    --passphrase-file phrase
	[ -z "$(find repo -name "$id")" ]
	run -0 aikit-backup key list
	run -77 --separate-stderr aikit-backup key rm "$(field key id)"
	complains
}

@test "passwd replaces the slot that opened it" {
	run -0 aikit-backup key passwd --new-key-file new
	run -77 aikit-backup snapshots
	run -0 aikit-backup snapshots --key-file new
	run -0 aikit-backup key list --key-file new
	[ "$(field key kind)" = key_file ]
}

@test "a recovery code opens it, however it is typed, and is shown once" {
	run -0 aikit-backup key add --recovery
	code=$(field key code)
	[ "${#code}" -gt 30 ]
	(umask 077 && tr 'A-Z-' 'a-z ' <<<"$code" >typed)
	run -0 env -u AIKIT_BACKUP_KEY_FILE aikit-backup snapshots \
	    --passphrase-file typed
	run -0 aikit-backup key list
	[[ $output != *"$code"* ]]
	no_canary "$code" repo state
}

@test "a recovery code that nobody could read replaces nothing" {
	run -74 --separate-stderr bash -c 'aikit-backup key passwd --recovery >/dev/full'
	run -0 aikit-backup snapshots
}

@test "passwd replaces the slot that opened it, also beside others of its kind" {
	(umask 077 && echo one >one && echo two >two && echo three >three)
	aikit-backup key add --new-passphrase-file one >/dev/null
	aikit-backup key add --new-passphrase-file two >/dev/null
	run -0 env -u AIKIT_BACKUP_KEY_FILE aikit-backup key passwd -p one \
	    --new-passphrase-file three
	run -77 env -u AIKIT_BACKUP_KEY_FILE aikit-backup snapshots -p one
	run -0 env -u AIKIT_BACKUP_KEY_FILE aikit-backup snapshots -p two
	run -0 env -u AIKIT_BACKUP_KEY_FILE aikit-backup snapshots -p three
}

@test "verify reads what was not read for so long, and nothing twice" {
	run -0 aikit-backup verify --level data --due 30d
	[ "$(field verify chunks)" -gt 0 ]
	run -0 aikit-backup verify --level data --due 30d
	[ "$(field verify chunks)" = 0 ]
	run -0 aikit-backup verify --level data
	[ "$(field verify chunks)" -gt 0 ]
}

@test "all parts together are the whole" {
	run -0 aikit-backup verify --level data
	whole=$(field verify chunks) sum=0
	for i in 1 2 3; do
		run -0 aikit-backup verify --level data --part "$i/3"
		sum=$((sum + $(field verify chunks)))
	done
	[ "$sum" = "$whole" ]
	run -64 --separate-stderr aikit-backup verify --part 4/3
	complains
}

@test "a part that was verified is not the whole" {
	run -0 aikit-backup verify --level data --part 1/65536
	run -0 aikit-backup status
	[ "$(field status 'what + " " + .state' | sed -n 2p)" = 'verify_data never' ]
	run -0 aikit-backup verify --level data --part 1/2
	run -0 aikit-backup verify --level data --part 2/2
	run -0 aikit-backup status
	[ "$(field status 'what + " " + .state' | sed -n 2p)" = 'verify_data well' ]
}

@test "a snapshot is compared with files, and each difference is named" {
	run -0 aikit-backup verify --against /
	cp -r source kept
	echo more >>source/numbers
	printf x | dd of=source/random conv=notrunc status=none
	run -1 aikit-backup verify --against /
	[ "$(field differs what | sort | xargs)" = 'content size' ]
	rm source/numbers
	run -1 aikit-backup verify --against /
	field differs what | grep -qx missing
	run -64 --separate-stderr aikit-backup verify --level against
	complains
}

@test "status says what is well and what is late" {
	run -0 aikit-backup status
	[ "$(field status 'what + " " + .state' | head -n 1)" = 'backup well' ]
	chmod u+w repo/packs/*/*
	printf x | dd of="$(find repo/packs -type f | head -n 1)" seek=1000 \
	    bs=1 conv=notrunc status=none
	run -65 aikit-backup verify --level data
	run -1 aikit-backup status
	field status 'what + " " + .state' | grep -qx 'verify_data failed'
	run -0 aikit-backup verify --level data --repair
	run -0 aikit-backup status
}

@test "status: late, when it is too long ago, and what a scrub has found" {
	python3 - state/aikit/backup/*/runs <<-'END'
		import json, sys, time
		runs = json.load(open(sys.argv[1]))
		ago = int((time.time() - 40 * 86400) * 1e6)
		runs["prune"] |= {"time_us": ago, "success_us": ago, "ok": True}
		json.dump(runs, open(sys.argv[1], "w"))
	END
	run -1 aikit-backup status
	[ "$(field status 'what + " " + .state' | sed -n 3p)" = 'prune late' ]
	[ "$(jq -r 'select(.what == "prune").late' <<<"$output")" = true ]
	run -0 aikit-backup prune
	run -0 aikit-backup status
	chmod u+w repo/packs/*/*
	printf x | dd of="$(find repo/packs -type f | head -n 1)" seek=1000 \
	    bs=1 conv=notrunc status=none
	run -65 env -u AIKIT_BACKUP_KEY_FILE aikit-backup verify --level scrub
	run -1 aikit-backup status
	field status 'what + " " + .state' | grep -qx 'verify_scrub failed'
	run -0 aikit-backup repair
	run -0 aikit-backup status
}

@test "each run is in the metrics, which promtool reads" {
	mkdir metrics
	export AIKIT_BACKUP_METRICS=$PWD/metrics
	run -0 aikit-backup backup source
	run -0 aikit-backup verify --level data
	run -0 promtool check metrics <"$(echo metrics/*.prom)"
	for what in backup verify_data; do
		grep -q "last_run_ok{.*what=\"$what\"} 1" metrics/*.prom
	done
}

@test "a program is told of each run" {
	cat >told <<'END'
#!/bin/sh
cat >>heard
END
	chmod +x told
	export AIKIT_BACKUP_NOTIFY=$PWD/told
	run -0 aikit-backup verify
	[ "$(jq -r '.type + .what + (.ok | tostring)' heard)" = \
	    backup_runverify_fasttrue ]
	rm "$(find repo/packs -type f | head -n 1)"
	run -65 aikit-backup verify
	[ "$(jq -r .ok heard | tail -n 1)" = false ]
	jq -r .problem heard | grep -q damaged
	export AIKIT_BACKUP_NOTIFY=$PWD/nobody
	run -0 --separate-stderr aikit-backup prune --plan
}

@test "timers are shown, installed, and left alone when they are as they should be" {
	run -0 aikit-backup schedule show --backup hourly
	[[ $output == *"OnCalendar=hourly"* && $output == *"verify --level data"* ]]
	[[ $output == *"--repo \"$PWD/repo\""* ]]
	run -1 aikit-backup schedule install --to units --plan
	[ ! -e units ]
	run -0 aikit-backup schedule install --to units
	[ "$(find units -type f | wc -l)" = 8 ]
	run -0 systemd-analyze verify --man=no units/*
	run -0 aikit-backup schedule install --to units --plan
}

@test "a name that a unit or a shell would read otherwise is not scheduled" {
	for name in 'a"b' 'a%b' 'a$b' 'a`b' 'a\b' $'a\nb'; do
		run -64 --separate-stderr aikit-backup schedule show --repo "$name"
		complains
		run -64 --separate-stderr aikit-backup schedule show --cron \
		    --backup "$name"
		complains
	done
	run -0 aikit-backup schedule show --repo 'a b;c'
	[[ $output == *'--repo "a b;c"'* ]]
}

@test "lines of a crontab replace those of before, and no others" {
	mkdir bin
	cat >bin/crontab <<'END'
#!/bin/sh
if [ "$1" = -l ]; then cat "$HOME/table"; else cat >"$HOME/new"; mv "$HOME/new" "$HOME/table"; fi
END
	chmod +x bin/crontab
	export HOME=$PWD PATH=$PWD/bin:$PATH
	echo '1 2 3 4 5 mine' >table
	run -0 aikit-backup schedule install --cron
	[ "$(grep -c aikit-backup table)" = 6 ]
	run -0 aikit-backup schedule install --cron --backup '5 * * * *'
	[ "$(grep -c aikit-backup table)" = 6 ]
	grep -qx '1 2 3 4 5 mine' table
	run -0 aikit-backup schedule install --cron --backup '5 * * * *' --plan
	# A table that cannot be read is not taken for one that is not there.
	mv table kept
	sed -i 's/^if/[ "$1" != -l ] || { echo "you may not" >\&2; exit 1; }\nif/' \
	    bin/crontab
	run -69 --separate-stderr aikit-backup schedule install --cron
	complains
	[[ $stderr == *"exit 1: you may not"* ]]
	[ ! -e table ]
	sed -i 's/you may not/no crontab for me/' bin/crontab
	run -0 aikit-backup schedule install --cron
	mv kept table
	grep -q '^5 \* \* \* \* ' table
}

@test "what a repository is, and the texts beside it made new" {
	run -0 aikit-backup repo info
	[ "$(field repository snapshots)" = 1 ]
	[ "$(field repository cipher)" = aes-256-gcm ]
	chmod u+w repo/restore.py
	echo '# older' >repo/restore.py
	run -1 aikit-backup repo upgrade --plan
	[ "$(field upgrade object)" = restore.py ]
	[ "$(cat repo/restore.py)" = '# older' ]
	run -0 aikit-backup repo upgrade
	run -0 aikit-backup repo upgrade --plan
	cmp repo/restore.py "$ROOT/tools/backup/restore.py"
	run -0 aikit-backup verify --level scrub
}

@test "a drill restores the newest snapshot, opens what is in it, and leaves nothing" {
	export TMPDIR=$PWD/scratch
	mkdir scratch
	python3 - <<-'END'
		import sqlite3
		db = sqlite3.connect("source/app.db")
		db.execute("create table t(a, b)")
		db.execute("create index i on t(b, a)")
		for i in range(5000):
		    db.execute("insert into t values(?, ?)", (i, "text %d" % i))
		db.commit()
	END
	echo '{"a": 1}' >source/settings.json
	aikit-backup backup source >/dev/null
	run -0 --separate-stderr aikit-backup verify --level drill
	[ -z "$stderr" ]
	[ "$(jq -c 'select(.type == "drill") | [.sqlite, .json, .problems, .files]' \
	    <<<"$output")" = '[1,1,0,4]' ]
	[ "$(field drill 'restore_seconds <= .seconds')" = true ]
	[ -z "$(ls scratch)" ]
	# One that was killed days ago left what it had; a young one may live.
	mkdir -p scratch/aikit-drill-{1,2}000000000-a/0 scratch/other
	touch -d '2 days ago' scratch/aikit-drill-1000000000-a scratch/other
	run -0 aikit-backup verify --level drill
	[ "$(echo scratch/*)" = \
	    'scratch/aikit-drill-2000000000-a scratch/other' ]
	rm -r scratch/*
	# It was bad before it was backed up: that is seen here, and nowhere else.
	printf 'not a page of an index' | dd of=source/app.db bs=4096 seek=10 \
	    conv=notrunc status=none
	aikit-backup backup source >/dev/null
	run -0 aikit-backup verify --level data
	run -65 --separate-stderr aikit-backup verify --level drill
	[[ $stderr == *app.db* ]]
	[ "$(field drill problems)" = 1 ]
	[ -z "$(ls scratch)" ]
	run -1 aikit-backup status
	field status 'what + " " + .state' | grep -qx 'drill failed'
}

@test "what init, key and import would do is told by --plan, and not done" {
	run -1 aikit-backup --repo new init --plan
	[ "$(field repository 'path + .cipher')" = newaes-256-gcm ]
	[ ! -e new ]
	run -73 aikit-backup init --plan
	mkdir other && touch other/mine
	run -73 aikit-backup --repo other init --plan
	[ "$(ls other)" = mine ]

	before=$(aikit-backup key list)
	id=$(jq -r .id <<<"$before")
	run -1 aikit-backup key add --new-key-file made --label x --plan
	[ "$output" = '{"type":"key","action":"add","kind":"key_file","label":"x"}' ]
	[ ! -e made ]
	run -64 aikit-backup key add --recovery --new-key-file made --plan
	run -1 aikit-backup key passwd --recovery --plan
	[ "$(jq -r '.action + " " + (.id // "")' <<<"$output")" = \
		"add "$'\n'"remove $id" ]
	run -77 aikit-backup key rm "$id" --plan
	run -0 aikit-backup key add --new-key-file second
	run -1 aikit-backup key rm "$id" --plan
	[ "$(field key 'action + " " + .id')" = "remove $id" ]
	run -66 aikit-backup key rm 0123456789abcdef --plan
	run -66 aikit-backup key rm nonsense --plan
	[ "$(aikit-backup key list | wc -l)" = 2 ]

	mkdir in && echo one >in/a && ln in/a in/b && seq 1000 >in/c
	tar -cf in.tar in
	objects=$(find repo | sort)
	run -1 aikit-backup import in.tar --plan
	[ "$(field source 'kind, .files, .total_bytes')" = \
		$'import\n3\n3901' ]
	head -c 3000 in.tar >cut.tar
	run -65 aikit-backup import cut.tar --plan
	[ "$(find repo | sort)" = "$objects" ]
	run -0 aikit-backup import in.tar
	[ "$(field snapshot 'files, .total_bytes')" = $'3\n3901' ]
}

@test "what reindex and repair would do is told by --plan, and not done" {
	run -0 aikit-backup reindex --plan
	rm -rf repo/index/* repo/parity/index/*
	run -1 aikit-backup reindex --plan
	[ "$(field reindex 'packs - .not_indexed')" = 0 ]
	[ -z "$(ls repo/index)" ]
	run -0 aikit-backup reindex
	run -0 aikit-backup reindex --plan
	chmod u+w repo/packs/*/*
	printf x | dd of="$(find repo/packs -type f | head -n 1)" seek=1000 \
	    bs=1 conv=notrunc status=none
	run -65 aikit-backup repair --plan
	[ "$(field damage state)" = found ]
	run -65 aikit-backup verify --level data
	run -0 aikit-backup repair
	run -0 aikit-backup repair --plan
}
