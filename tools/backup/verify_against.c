/*
 * verify_against - a snapshot beside the files it was made of.
 *
 * Nothing is followed out of the directory given. What differs is a record,
 * and no damage: files change.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "tools/backup/beneath.h"
#include "tools/backup/verify.h"

struct beside {
	struct verify *verify;
	int root;
	size_t differ;
};

static const struct ak_view differs_view = {
	"differs",
	AK_COLUMNS({ "what", "WHAT", AK_SHOW_TEXT, 0, NULL },
	    { "path", "PATH", AK_SHOW_TEXT, 0, NULL }),
	false,
};

static void
differs(struct beside *beside, const char *path, const char *what)
{
	struct ak_out *out = beside->verify->ctx->out;

	ak_out_begin(out, &differs_view);
	ak_out_str(out, "path", path);
	ak_out_str(out, "what", what);
	ak_out_end(out);
	beside->differ++;
}

/* The bytes that are in no hole, as one stream. */
struct stream {
	int fd;
	const struct entry *entry;
	uint64_t at;
	size_t hole;
};

static bool
read_stream(struct stream *stream, uint8_t *to, size_t len)
{
	const struct entry *entry = stream->entry;

	while (len > 0) {
		size_t run = len;
		ssize_t got;

		if (stream->hole < entry->hole_count) {
			const struct hole *hole = &entry->holes[stream->hole];

			if (stream->at == hole->offset) {
				stream->at += hole->len;
				stream->hole++;
				continue;
			}
			if (hole->offset - stream->at < run)
				run = (size_t)(hole->offset - stream->at);
		}
		got = pread(stream->fd, to, run, (off_t)stream->at);
		if (got <= 0)
			return false;
		to += got;
		stream->at += (uint64_t)got;
		len -= (size_t)got;
	}
	return true;
}

static bool
same_bytes(struct beside *beside, int fd, const struct entry *entry)
{
	struct stream stream = { .fd = fd, .entry = entry };
	AK_BUF struct ak_buf piece = { 0 };
	uint8_t id[ID_SIZE];

	for (size_t i = 0; i < entry->chunks.count; i++) {
		const struct chunk *chunk = &entry->chunks.items[i];

		ak_buf_reset(&piece);
		ak_buf_grow(&piece, chunk->len);
		if (!read_stream(&stream, (uint8_t *)piece.data, chunk->len))
			return false;
		seal_hash(piece.data, chunk->len, id);
		if (memcmp(id, chunk->id, ID_SIZE) != 0)
			return false;
		verify_tell(beside->verify, chunk->len, 1);
	}
	return true;
}

static const char *
compare_bytes(struct beside *beside, const char *path,
    const struct entry *entry, const struct stat *st)
{
	AK_CLOSE int fd = -1;

	if ((uint64_t)st->st_size != entry->size)
		return "size";
	fd = beneath_open(beside->root, path,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd == -1)
		return "unreadable";
	return same_bytes(beside, fd, entry) ? NULL : "content";
}

static const char *
compare_link(int parent, const char *name, const struct entry *entry)
{
	AK_FREE char *text = ak_malloc(entry->link_len + 1);
	ssize_t got = readlinkat(parent, name, text, entry->link_len + 1);

	return got >= 0 && (size_t)got == entry->link_len &&
		memcmp(text, entry->link, entry->link_len) == 0
	    ? NULL
	    : "target";
}

static enum entry_type
type_of(mode_t mode)
{
	static const struct {
		mode_t mode;
		enum entry_type type;
	} types[] = {
		{ S_IFREG, ENTRY_FILE },
		{ S_IFDIR, ENTRY_DIR },
		{ S_IFLNK, ENTRY_LINK },
		{ S_IFIFO, ENTRY_FIFO },
		{ S_IFSOCK, ENTRY_SOCKET },
		{ S_IFCHR, ENTRY_CHAR },
		{ S_IFBLK, ENTRY_BLOCK },
	};

	for (size_t i = 0; i < AK_COUNT(types); i++)
		if ((mode & S_IFMT) == types[i].mode)
			return types[i].type;
	return 0;
}

static const char *
compare_entry(struct beside *beside, const char *path,
    const struct entry *entry)
{
	const char *name;
	AK_CLOSE int parent = beneath_parent(beside->root, path, &name);
	struct stat st;

	if (parent == -1 ||
	    fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) ==
		-1)
		return "missing";
	if (type_of(st.st_mode) != entry->type)
		return "kind";
	if (entry->type == ENTRY_LINK)
		return compare_link(parent, name, entry);
	if ((st.st_mode & 07777) != entry->mode)
		return "mode";
	if (st.st_uid != entry->uid || st.st_gid != entry->gid)
		return "owner";
	return entry->type == ENTRY_FILE
	    ? compare_bytes(beside, path, entry, &st)
	    : NULL;
}

static int
on_entry(void *arg, AK_UNUSED const struct snap_source *source,
    const char *path, const struct entry *entry, AK_UNUSED struct ak_err *err)
{
	struct beside *beside = arg;
	const char *what = compare_entry(beside, path, entry);

	if (what)
		differs(beside, path, what);
	return 0;
}

int
verify_against(struct verify *verify, const struct snap *snap, const char *path,
    size_t *count, struct ak_err *err)
{
	AK_CLOSE int root = -1;
	struct wanted all = { 0 };
	struct beside beside = { .verify = verify };
	struct visit visit = { .session = &verify->session,
		.snap = snap,
		.wanted = &all,
		.entry = on_entry,
		.arg = &beside };

	if (ak_dir_open(AT_FDCWD, path, &root, err) == -1)
		return -1;
	beside.root = root;
	if (visit_all(&visit, err) == -1)
		return -1;
	*count = beside.differ;
	return 0;
}
