/*
 * restore_file - one file: made anew, or what is there changed where it
 * differs.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/crypt.h"
#include "tools/backup/beneath.h"
#include "tools/backup/restore.h"

#define MAKE (O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
#define CHANGE (O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

void
restore_file_free(struct restore_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	entry_free(&file->entry);
	free(file->path);
	free(file);
}

/* A file that forbids to be changed allows it for a while. */
static int
open_protected(const struct restore_file *file)
{
	AK_CLOSE int fd = beneath_open(file->root, file->path,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

	if (fd == -1)
		return -1;
	if (!meta_clear_flags(fd) &&
	    (geteuid() == 0 || fchmod(fd, S_IRUSR | S_IWUSR) == -1)) {
		errno = EPERM;
		return -1;
	}
	return beneath_open(file->root, file->path, CHANGE, 0);
}

/*
 * Another name of the file, which the snapshot does not have, must not get
 * these bytes.
 */
static bool
may_change(int fd, const struct entry *entry)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_nlink == 1 || entry->link_group != 0);
}

/* What is no directory goes; that only --delete takes. */
static int
make_room(const struct restore *restore, const struct restore_file *file)
{
	const char *name;
	AK_CLOSE int dir = beneath_parent(file->root, file->path, &name);

	if (dir == -1)
		return -1;
	return restore->options.delete ? beneath_remove(dir, name)
				       : unlinkat(dir, name, 0);
}

static int
open_change(const struct restore *restore, struct restore_file *file)
{
	int fd = beneath_open(file->root, file->path, CHANGE, 0);

	if (fd == -1 && (errno == EPERM || errno == EACCES))
		fd = open_protected(file);
	if (fd >= 0 && may_change(fd, &file->entry))
		return fd;
	if (fd >= 0)
		close(fd);
	if (make_room(restore, file) == -1)
		return -1;
	file->made = true;
	return beneath_open(file->root, file->path, MAKE, 0600);
}

int
restore_file_begin(struct restore *restore, struct restore_file *file,
    struct ak_err *err)
{
	file->made = true;
	file->fd = beneath_open(file->root, file->path, MAKE, 0600);
	if (file->fd == -1 && errno == EEXIST && restore->options.in_place) {
		file->made = false;
		file->fd = open_change(restore, file);
	}
	if (file->fd == -1)
		return beneath_fail(err, file->path);
	if (file->made && ftruncate(file->fd, (off_t)file->entry.size) == -1)
		return ak_fail_sys(err, AK_IO, "%s", file->path);
	return 0;
}

uint64_t
restore_skip(const struct entry *entry, uint64_t at, uint64_t len)
{
	for (size_t i = 0; i < entry->hole_count; i++) {
		const struct hole *hole = &entry->holes[i];

		if (hole->offset + hole->len <= at)
			continue;
		if (hole->offset > at) {
			if (hole->offset - at > len)
				break;
			len -= hole->offset - at;
		}
		at = hole->offset + hole->len;
	}
	return at + len;
}

static bool
holds_chunk(int fd, const struct chunk *chunk, uint64_t at)
{
	AK_FREE uint8_t *data = ak_malloc(chunk->len);
	struct ak_sha256 *hash;
	uint8_t id[ID_SIZE];

	if (pread(fd, data, chunk->len, (off_t)at) != (ssize_t)chunk->len)
		return false;
	hash = ak_sha256_new();
	ak_sha256_add(hash, data, chunk->len);
	ak_sha256_end(hash, id);
	return memcmp(id, chunk->id, ID_SIZE) == 0;
}

/* No hole begins in it. */
static bool
in_one_piece(const struct entry *entry, uint64_t at, uint64_t len)
{
	for (size_t i = 0; i < entry->hole_count; i++)
		if (entry->holes[i].offset >= at &&
		    entry->holes[i].offset < at + len)
			return false;
	return true;
}

/* A chunk in one piece, as most are, is compared before it is read. */
static bool
is_there(const struct restore_file *file, const struct chunk *chunk,
    uint64_t at)
{
	return !file->made && in_one_piece(&file->entry, at, chunk->len) &&
	    holds_chunk(file->fd, chunk, at);
}

static int
write_all(int fd, const uint8_t *data, uint64_t len, uint64_t at,
    struct ak_err *err)
{
	while (len > 0) {
		ssize_t put = pwrite(fd, data, len, (off_t)at);

		if (put == -1 && errno == EINTR)
			continue;
		if (put == -1)
			return ak_fail_sys(err, AK_IO, "write");
		data += put;
		at += (uint64_t)put;
		len -= (uint64_t)put;
	}
	return 0;
}

/* Between holes: where one begins inside, the rest goes behind it. */
static int
put_chunk(const struct restore_file *file, const uint8_t *data, uint64_t len,
    uint64_t at, struct ak_err *err)
{
	const struct entry *entry = &file->entry;

	for (size_t i = 0; i < entry->hole_count && len > 0; i++) {
		const struct hole *hole = &entry->holes[i];
		uint64_t n;

		if (hole->offset + hole->len <= at)
			continue;
		if (hole->offset >= at + len)
			break;
		n = hole->offset > at ? hole->offset - at : 0;
		if (write_all(file->fd, data, n, at, err) == -1)
			return -1;
		data += n;
		len -= n;
		at = hole->offset + hole->len;
	}
	return write_all(file->fd, data, len, at, err);
}

/* The device holds no more, or fails: no other file will fare better. */
static bool
hopeless(int why)
{
	return why == ENOSPC || why == EDQUOT || why == EIO || why == EROFS;
}

static void
lost(struct restore *restore, struct restore_file *file,
    const struct ak_err *why)
{
	if (!atomic_exchange(&file->damaged, true))
		why->code == AK_DATA ? restore_lost(restore, file->path, why)
				     : restore_failed(restore, file->path, why);
}

static int
do_chunk(struct restore *restore, struct loader *loader,
    struct restore_file *file, const struct chunk *chunk, uint64_t at)
{
	struct ak_err err = { 0 };
	const uint8_t *data;

	if (is_there(file, chunk, at))
		return 0;
	if (loader_get(loader, chunk, &data, &err) == -1) {
		lost(restore, file, &err);
		return 0;
	}
	atomic_store(&file->wrote, true);
	if (put_chunk(file, data, chunk->len, at, &err) == 0)
		return 0;
	if (hopeless(errno))
		atomic_store(&restore->stop, true);
	ak_err_in(&err, "%s", file->path);
	lost(restore, file, &err);
	return -1;
}

void
restore_file_part(struct restore *restore, struct loader *loader,
    const struct restore_part *part)
{
	const struct entry *entry = &part->file->entry;
	uint64_t at = part->offset, bytes = 0;

	for (size_t i = 0; i < part->count; i++) {
		const struct chunk *chunk = &entry->chunks
						 .items[part->first + i];

		at = restore_skip(entry, at, 0);
		if (atomic_load(&restore->stop) ||
		    do_chunk(restore, loader, part->file, chunk, at) == -1)
			break;
		at = restore_skip(entry, at, chunk->len);
		bytes += chunk->len;
	}
	pthread_mutex_lock(&restore->lock);
	restore->bytes += bytes;
	pthread_mutex_unlock(&restore->lock);
}

/* Where a hole was and bytes are now; zeros when none can be punched. */
static int
dig_holes(const struct restore_file *file, struct ak_err *err)
{
	static const uint8_t zeros[65536];

	for (size_t i = 0; i < file->entry.hole_count; i++) {
		uint64_t at = file->entry.holes[i].offset;
		uint64_t end = at + file->entry.holes[i].len;

		if (fallocate(file->fd,
			FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
			(off_t)(end - at)) == 0)
			continue;
		for (uint64_t n; at < end; at += n) {
			n = end - at < sizeof(zeros) ? end - at : sizeof(zeros);
			if (write_all(file->fd, zeros, n, at, err) == -1)
				return -1;
		}
	}
	return 0;
}

static int
finish(struct restore *restore, struct restore_file *file, struct ak_err *err)
{
	unsigned missed = 0;

	if (!file->made &&
	    (ftruncate(file->fd, (off_t)file->entry.size) == -1 ||
		dig_holes(file, err) == -1))
		return ak_fail_sys(err, AK_IO, "%s", file->path);
	if (meta_apply(file->fd, &file->entry, &missed, err) == -1)
		return ak_fail_in(err, "%s", file->path);
	restore_missed(restore, missed);
	return 0;
}

/* What is not whole must not be taken for it. */
static void
set_aside(const struct restore_file *file)
{
	const char *name;
	AK_CLOSE int dir = beneath_parent(file->root, file->path, &name);
	AK_FREE char *aside = ak_printf("%s.damaged", name);

	if (dir >= 0 && renameat(dir, name, dir, aside) == -1)
		unlinkat(dir, name, 0);
}

void
restore_file_end(struct restore *restore, struct restore_file *file)
{
	struct ak_err err = { 0 };
	bool damaged = atomic_load(&file->damaged);

	if (!damaged && !atomic_load(&restore->stop) &&
	    finish(restore, file, &err) == -1) {
		lost(restore, file, &err);
		return;
	}
	/* Neither what it was nor what it is to be: not to be taken for it. */
	if ((file->made || atomic_load(&file->wrote)) &&
	    (damaged || atomic_load(&restore->stop))) {
		set_aside(file);
		return;
	}
	pthread_mutex_lock(&restore->lock);
	restore->files += !damaged;
	restore->same += !damaged && !file->made && !atomic_load(&file->wrote);
	pthread_mutex_unlock(&restore->lock);
}
