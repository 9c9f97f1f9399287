#!/usr/bin/env bats
# aikit-backup as one who backs up and restores files knows it.

load house
load backup/odd_files

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export XDG_STATE_HOME=$PWD/state
	export AIKIT_BACKUP_REPO=$PWD/repo
	(umask 077 && head -c 32 /dev/urandom >key)
	mkdir data
}

teardown() {
	chattr -R -i -a . 2>/dev/null || true
}

backup() {
	aikit-backup "$@" --key-file "$BATS_TEST_TMPDIR/key"
}

need_root() {
	[ "$(id -u)" = 0 ] || skip 'only root makes devices and other owners'
}

# As somebody else, who may read the key and the repository.
as_nobody() {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$PWD"
	chmod -R a+rX repo
	mkdir -p nobody && cp key nobody/key && chown -R 65534:65534 nobody
	HOME=$PWD/nobody XDG_STATE_HOME=$PWD/nobody \
	    XDG_CONFIG_HOME=$PWD/nobody setpriv --reuid=65534 --regid=65534 \
	    --clear-groups "$@"
}

# The value of a key in the records of a type: field TYPE KEY
field() {
	jq -r "select(.type == \"$1\") | .$2" <<<"$output"
}

@test "everything a file is comes back: names, times, owners, links, holes, attributes, flags" {
	(cd data && odd_files)
	backup init
	backup backup data
	run -0 --separate-stderr backup restore latest --to back
	[ -z "$stderr" ]
	same data "back$PWD/data"
}

@test "a backup of what has not changed reads nothing and stores next to nothing" {
	cp -r /usr/include/linux data/
	touch -d '2020-01-01' data/linux/*.h
	backup init
	backup backup data
	before=$(du -sb repo | cut -f1)
	# What was changed less than 2 s before a backup is read again.
	wait_for 5 bash -c 'backup() { aikit-backup "$@" -k key; }
	    backup backup data | jq -e "select(.type == \"snapshot\") |
	    .read_bytes == 0"'
	run -0 backup backup data
	[ "$(field snapshot read_bytes)" = 0 ]
	[ "$(field snapshot parent)" != null ]
	[ $(($(du -sb repo | cut -f1) - before)) -lt 65536 ]
	run -0 backup backup --full data
	[ "$(field snapshot read_bytes)" = "$(field snapshot total_bytes)" ]
	[ "$(field snapshot new_bytes)" = 0 ]
}

@test "a page changed in a database adds a page, not the database" {
	python3 - <<-'END'
		import os, sqlite3
		db = sqlite3.connect("data/app.db")
		db.execute("create table t(a integer primary key, b blob)")
		for i in range(4000):
		    db.execute("insert into t values(?, ?)", (i, os.urandom(2000)))
		db.commit()
	END
	backup init
	backup backup data
	python3 - <<-'END'
		import sqlite3
		db = sqlite3.connect("data/app.db")
		db.execute("update t set b = zeroblob(2000) where a = 2000")
		db.commit()
	END
	run -0 backup backup data
	[ "$(field snapshot new_bytes)" -lt 200000 ]
	backup restore latest --to back
	cmp data/app.db "back$PWD/data/app.db"
}

@test "excluded: by name, by path, with ** and /, directories alone, caches" {
	mkdir -p data/{cache,src/deep,tmp}
	printf 'Signature: 8a477f597d28d172789f06886806bc55' \
	    >data/cache/CACHEDIR.TAG
	touch data/{a.o,src/b.o,src/b.c,src/deep/c.log,tmp/d,keep,src/tmp}
	backup init
	backup backup data --exclude '*.o' --exclude 'src/**/*.log' \
	    --exclude "$PWD/data/keep" --exclude tmp/ --exclude-caches
	run -0 backup ls latest
	[ "$(field entry path | sed "s|^${PWD#/}/||" | tr '\n' ' ')" = \
	    'data data/src data/src/b.c data/src/deep data/src/tmp ' ]
}

@test "the repository is not backed up into itself" {
	mv repo data/ 2>/dev/null || true
	export AIKIT_BACKUP_REPO=$PWD/data/repo
	echo x >data/file
	backup init
	run -0 backup backup data
	run -0 backup ls latest
	[[ $output == *data/file* ]]
	[[ $output != *repo/config* ]]
}

@test "what cannot be read or vanishes is told, and the rest is stored: status 1" {
	need_root
	echo secret >data/secret
	chmod 000 data/secret
	echo open >data/open
	chmod 755 data
	backup init
	chmod -R a+rwX repo
	run -1 --separate-stderr as_nobody aikit-backup backup data \
	    --key-file nobody/key
	complains
	[[ $stderr == *"data/secret: open: permission denied"* ]]
	[ "$(field snapshot files)" = 1 ]
	[ "$(field snapshot warnings)" = 1 ]
	run -0 backup show latest
	[[ $(field warning text) == *data/secret* ]]
}

@test "a file that changes while it is read is read twice, stored, and told" {
	head -c 20000000 /dev/urandom >data/busy
	backup init
	while :; do
		echo x >>data/busy
	done &
	writer=$!
	run --separate-stderr backup backup data
	kill "$writer"
	[ "$status" = 1 ]
	complains
	[[ $stderr == *"data/busy: changed while it was read"* ]]
	run -0 backup restore latest --to back
	cmp -n 20000000 data/busy "back$PWD/data/busy"
}

@test "a source that fails does not stop the others" {
	echo x >data/x
	backup init
	run -1 --separate-stderr backup backup data "$PWD/absent"
	complains
	[ "$(field snapshot failed)" = 1 ]
	run -0 backup show latest
	[[ $(field source problem) == *'absent: no such file'* ]]
	run -66 backup backup "$PWD/absent"
	run -0 backup snapshots
	[ "$(field snapshot snapshot | wc -l)" = 1 ]
}

@test "a blob that is not what its name says is told, and one that is, is not" {
	head -c 5000000 /dev/urandom >blob
	cp blob "data/sha256-$(sha256sum <blob | cut -d' ' -f1)"
	backup init
	run -0 --separate-stderr backup backup data
	[ -z "$stderr" ]
	# Its times do not matter, its name does.
	touch -d '2020-01-01' data/sha256-*
	run -0 backup backup data
	[ "$(field snapshot read_bytes)" = 0 ]
	printf x | dd of="$(echo data/sha256-*)" bs=1 seek=9 conv=notrunc \
	    status=none
	run -1 --separate-stderr backup backup data --full
	complains
	[[ $stderr == *'its bytes are not what its name says'* ]]
}

@test "restore leaves alone what is there, unless --in-place says so" {
	echo old >data/file
	mkdir data/dir
	backup init
	backup backup data
	echo new >data/file
	run -73 --separate-stderr backup restore
	[[ $stderr == *'data/file: it is there already'* ]]
	[ "$(cat data/file)" = new ]
	run -0 --separate-stderr backup restore --in-place
	[ "$(cat data/file)" = old ]
}

@test "--in-place writes what differs and nothing else" {
	head -c 30000000 /dev/urandom >data/big
	truncate -s 10M data/holes
	echo x >>data/holes
	ln data/big data/further
	"$MANIFEST" data >before
	backup init
	backup backup data
	printf Z | dd of=data/big bs=1 seek=15000000 conv=notrunc status=none
	printf Z | dd of=data/holes bs=1 seek=5000 conv=notrunc status=none
	rm data/further
	echo other >data/further
	strace -f -o trace -e trace=pwrite64 aikit-backup restore --in-place \
	    --key-file key
	[ "$(awk -F, '/pwrite64/ { n += $(NF - 1) } END { print n + 0 }' \
	    trace)" -lt 5000000 ]
	"$MANIFEST" data | diff before -
}

@test "--in-place changes a file, not the other name of it that came later" {
	echo old >data/file
	backup init
	backup backup data
	echo new >data/file
	ln data/file kept
	backup restore --in-place
	[ "$(cat data/file) $(cat kept)" = 'old new' ]
}

@test "--plan says what would be done, and does nothing" {
	echo old >data/changed
	echo gone >data/gone
	echo same >data/same
	backup init
	backup backup data
	echo longer >data/changed
	rm data/gone
	echo extra >data/extra
	run -1 backup restore --in-place --plan --delete
	[ "$(jq -r '.action + " " + .path' <<<"$output" | tr '\n' ' ')" = \
	    'remove data/extra change data/changed create data/gone ' ]
	[ "$(cat data/changed)" = longer ]
	[ -e data/extra ] && [ ! -e data/gone ]
}

@test "--delete lists what goes, wants --yes, and makes it as it was" {
	mkdir -p data/dir
	echo x >data/dir/file
	"$MANIFEST" data >before
	backup init
	backup backup data
	mkdir -p data/extra/deep
	touch data/extra/deep/file data/dir/more
	run -64 --separate-stderr backup restore --in-place --delete </dev/null
	complains
	[ -e data/dir/more ]
	run -0 backup restore --in-place --delete --yes </dev/null
	[ "$(field restored removed)" = 2 ]
	"$MANIFEST" data | diff before -
	run -64 --separate-stderr backup restore --delete
	complains
}

@test "sources that lie in each other are one tree again" {
	mkdir data/sub
	echo x >data/sub/file
	python3 -c 'import sqlite3
sqlite3.connect("data/app.db").executescript("create table t(a)")'
	"$MANIFEST" data >before
	backup init
	backup backup data data/sub sqlite:data/app.db
	backup restore latest --to back
	"$MANIFEST" "back$PWD/data" | diff before -
	touch data/extra data/sub/extra
	backup restore --in-place --delete --yes
	"$MANIFEST" data | diff before -
}

@test "a full disk ends a restore: status 74, and nothing half is left" {
	need_root
	mkdir small
	head -c 30000000 /dev/urandom >data/big
	backup init
	backup backup data
	mount -t tmpfs -o size=8m none small || skip 'no mounts here'
	run -74 --separate-stderr backup restore --to small
	left=$(find small -name big)
	umount small
	[[ $stderr == *'no space left on device'* ]]
	[ -z "$left" ]
}

@test "paths: only they are restored, and one that is not there is told" {
	mkdir -p data/{a,b}/c
	echo 1 >data/a/c/1
	echo 2 >data/b/2
	backup init
	backup backup data
	backup restore latest "$PWD/data/a" --to back
	[ "$(cat "back$PWD/data/a/c/1")" = 1 ]
	[ ! -e "back$PWD/data/b" ]
	run -66 --separate-stderr backup restore latest data/none --to back
	complains
	run -64 --separate-stderr backup restore latest data/../x --to back
	complains
}

@test "a symbolic link planted in the target is not followed" {
	mkdir -p data/sub evil "back$PWD/data"
	echo x >data/sub/file
	backup init
	backup backup data
	ln -s "$PWD/evil" "back$PWD/data/sub"
	run -65 --separate-stderr backup restore latest --to back
	[[ $stderr == *'a symbolic link is in the way'* ]]
	[ -z "$(ls evil)" ]
	# In place it is replaced by what was there, and still not followed.
	backup restore latest --to back --in-place
	[ -z "$(ls evil)" ]
	[ "$(cat "back$PWD/data/sub/file")" = x ]
	rm "back$PWD/data/sub/file"
	ln -s "$PWD/evil/file" "back$PWD/data/sub/file"
	backup restore latest --to back --in-place
	[ -z "$(ls evil)" ]
	[ ! -L "back$PWD/data/sub/file" ]
}

@test "another than root restores what it may, and is told once what it may not" {
	need_root
	(cd data && odd_files)
	backup init
	backup backup data
	mkdir back && chown 65534 back
	run -0 --separate-stderr as_nobody aikit-backup restore latest \
	    --key-file nobody/key --to back
	complains
	[[ $stderr == *'not restored'*owners*devices* ]]
	cmp data/random "back$PWD/data/random"
	cmp data/sparse "back$PWD/data/sparse"
	[ ! -u "back$PWD/data/lines" ]
}

@test "damage loses the files it is in: they are named, all others restored, 65" {
	for n in {1..40}; do
		head -c 200000 /dev/urandom >"data/$n"
	done
	backup init --no-parity
	backup backup data
	pack=$(find repo/packs -type f | sort | head -n1)
	chmod u+w "$pack"
	printf '\xff\xfe\xfd' | dd of="$pack" bs=1 seek=5000 conv=notrunc \
	    status=none
	run -65 --separate-stderr backup restore latest --to back
	[[ $stderr == *'damaged, all else is restored'* ]]
	damaged=$(field restored damaged)
	[ "$damaged" -ge 1 ] && [ "$damaged" -lt 10 ]
	good=0
	for n in {1..40}; do
		if [ -e "back$PWD/data/$n" ]; then
			cmp "data/$n" "back$PWD/data/$n"
			good=$((good + 1))
		else
			[[ $output == *"data/$n\""* ]]
			[ -e "back$PWD/data/$n.damaged" ]
		fi
	done
	[ $((good + damaged)) = 40 ]
}

@test "ls, find, cat, diff, show and stats tell what is there" {
	mkdir data/dir
	echo one >data/dir/file
	ln -s file data/dir/link
	truncate -s 100000 data/hole
	echo end >>data/hole
	backup init
	backup backup data --tag first
	echo more >>data/dir/file
	rm data/dir/link
	echo new >data/new
	backup backup data --tag second
	run -0 backup snapshots --tag second
	[ "$(field snapshot tags[0])" = second ]
	run -66 backup ls latest nowhere
	run -0 backup ls latest "$PWD/data/dir"
	[ "$(field entry kind | tr '\n' ' ')" = 'dir file ' ]
	run -0 backup find 'li*'
	[ "$(field entry target)" = file ]
	run -1 backup find 'nothing-like-it'
	backup cat latest "$PWD/data/dir/file" | cmp - data/dir/file
	backup cat latest "$PWD/data/hole" | cmp - data/hole
	run -66 --separate-stderr backup cat latest "$PWD/data/dir"
	complains
	first=$(backup snapshots --tag first | jq -r .snapshot)
	run -1 backup diff "$first" latest
	[ "$(jq -r 'select(.kind != "dir") | .change' <<<"$output" |
	    tr '\n' ' ')" = 'changed removed added ' ]
	run -0 backup diff latest latest
	[ -z "$output" ]
	run -0 backup stats
	[ "$(field stats snapshots)" = 2 ]
	[ "$(field stats stored_bytes)" -gt 0 ]
	run -0 backup show "${first:0:20}"
	[ "$(field source consistency)" = none ]
}

@test "an archive holds every attribute, and comes back as a snapshot" {
	(cd data && odd_files)
	# tar has no sockets.
	rm data/socket
	backup init
	backup backup data
	backup export latest -o all.tar.zst
	zstd -qdc all.tar.zst | tar tf - >names
	[ "$(wc -l <names)" = "$("$MANIFEST" data | wc -l)" ]
	run -0 backup import all.tar.zst --tag imported
	[ "$(field snapshot new_bytes)" -lt 100000 ]
	backup restore latest --to back
	same data "back$PWD/data"
	mkdir tar
	zstd -qdc all.tar.zst | tar -C tar --xattrs --xattrs-include='*' \
	    --acls -xpf - 2>/dev/null
	cmp data/sparse "tar$PWD/data/sparse"
	[ "tar$PWD/data/plain" -ef "tar$PWD/data/sub/further" ]
	[ "$(getfacl -cp "tar$PWD/data/empty")" = "$(getfacl -cp data/empty)" ]
}

@test "an archive with a path that leads out of it is refused" {
	echo x >x
	tar -cPf up.tar --transform 's|^x|../x|' x
	backup init
	run -65 --separate-stderr backup import up.tar
	complains
	echo nonsense >no.tar
	run -65 --separate-stderr backup import no.tar
	complains
}

@test "an archive is there whole, or not at all" {
	need_root
	mkdir small
	head -c 3000000 /dev/urandom >data/big
	backup init
	backup backup data
	mount -t tmpfs -o size=1m none small || skip 'no mounts here'
	run -74 --separate-stderr backup export latest -o small/all.tar.zst
	left=$(ls small)
	umount small
	complains
	[[ $stderr == *'no space left on device'* ]]
	[ -z "$left" ]
	# One that is there already stays until there is a better one.
	echo older >all.tar.zst
	AIKIT_FAULT=get:9:EIO run -74 --separate-stderr backup export latest \
	    -o all.tar.zst
	[ "$(cat all.tar.zst)" = older ]
	run -0 backup export latest -o all.tar.zst
	zstd -qt all.tar.zst
}

@test "--limit-rate holds, and meanwhile it is told how far it is" {
	head -c 9000000 /dev/urandom >data/file
	backup init
	backup backup data >/dev/null
	begin=$(date +%s%N)
	run -0 --separate-stderr backup backup --full --limit-rate 2M data
	[ $((($(date +%s%N) - begin) / 1000000)) -ge 3500 ]
	[ -z "$stderr" ]
	[ "$(field progress expected_bytes | head -n 1)" = 9000000 ]
	[ "$(jq -s '[.[] | select(.type == "progress" and .left_seconds > 0)] |
	    length > 0' <<<"$output")" = true ]
	run -0 script -qec "aikit-backup backup --full --limit-rate 2M \
	    --key-file key data" /dev/null
	[[ $output == *' at '*'/s, '*' left'* ]]
}
