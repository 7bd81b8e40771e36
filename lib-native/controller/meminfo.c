/* Speaks just enough of the FUSE protocol (linux/fuse.h) for one read-only file, and computes its text:
 * the host's /proc/meminfo with the lines that the container's memory group determines replaced. */
#define _GNU_SOURCE
#include "meminfo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES (FUSE_MIN_READ_BUFFER + 4096)
#define TEXT_BYTES 8192
#define TURNS_MAX 16 /* requests in a row before signals and consoles have their turn: a container may ask without end */
/* v1 prints its "no limit" as the largest multiple of a page; anything near it is none. */
#define UNLIMITED (UINT64_MAX >> 2)

static int fuse_fd = -1;
static const char *cgroup_dir;
static unsigned cgroup_version;
static uid_t owner_uid;
static gid_t owner_gid;

void meminfo_open(int fuse, const char *cgroup, unsigned version, uid_t uid, gid_t gid)
{
	fuse_fd = fuse;
	cgroup_dir = cgroup;
	cgroup_version = version;
	owner_uid = uid;
	owner_gid = gid;
	int flags = fcntl(fuse, F_GETFL);
	if (flags >= 0)
		fcntl(fuse, F_SETFL, flags | O_NONBLOCK);
}

/* The text of a small file, terminated. Returns its length or -1. */
static ssize_t slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t length = 0;
	ssize_t n = 0;
	while (length < size - 1 && (n = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)n;
	close(fd);
	text[length] = 0;
	return n < 0 ? -1 : (ssize_t)length;
}

/* A number from a file of the memory group, in bytes; UNLIMITED for "max" or where it cannot be read. */
static uint64_t group_bytes(const char *file)
{
	char path[4096], text[64];
	snprintf(path, sizeof path, "%s/%s", cgroup_dir, file);
	if (slurp(path, text, sizeof text) <= 0 || text[0] < '0' || text[0] > '9')
		return UNLIMITED;
	uint64_t value = strtoull(text, NULL, 10);
	return value > UNLIMITED ? UNLIMITED : value;
}

/* A number of memory.stat, in bytes. */
static uint64_t stat_bytes(const char *stat, const char *name)
{
	size_t length = strlen(name);
	for (const char *line = stat; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (!strncmp(line, name, length) && line[length] == ' ')
			return strtoull(line + length + 1, NULL, 10);
	}
	return 0;
}

struct memory {
	uint64_t limit, usage, swap_limit, swap_usage; /* swap alone, not with memory */
	uint64_t cache, active_anon, inactive_anon, active_file, inactive_file, unevictable;
};

static bool read_group(struct memory *m)
{
	static char stat[4096];
	char path[4096];
	snprintf(path, sizeof path, "%s/memory.stat", cgroup_dir);
	if (slurp(path, stat, sizeof stat) <= 0)
		return false;
	if (cgroup_version == 2) {
		m->limit = group_bytes("memory.max");
		m->usage = group_bytes("memory.current");
		m->swap_limit = group_bytes("memory.swap.max");
		m->swap_usage = group_bytes("memory.swap.current");
		m->cache = stat_bytes(stat, "file");
	} else {
		m->limit = group_bytes("memory.limit_in_bytes");
		m->usage = group_bytes("memory.usage_in_bytes");
		uint64_t both = group_bytes("memory.memsw.limit_in_bytes");
		uint64_t both_used = group_bytes("memory.memsw.usage_in_bytes");
		m->swap_limit = both < UNLIMITED && m->limit < UNLIMITED && both >= m->limit ? both - m->limit : UNLIMITED;
		m->swap_usage = both_used < UNLIMITED && both_used >= m->usage ? both_used - m->usage : 0;
		m->cache = stat_bytes(stat, "cache");
	}
	m->active_anon = stat_bytes(stat, "active_anon");
	m->inactive_anon = stat_bytes(stat, "inactive_anon");
	m->active_file = stat_bytes(stat, "active_file");
	m->inactive_file = stat_bytes(stat, "inactive_file");
	m->unevictable = stat_bytes(stat, "unevictable");
	return true;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The container's value for a line of the host's file, in bytes; false: the host's line stays. */
static bool replaced(const char *label, const struct memory *m, uint64_t *value)
{
	static const char *const zero[] = { "Buffers", "Slab", "SReclaimable", "SUnreclaim" };
	for (size_t i = 0; i < sizeof zero / sizeof *zero; i++)
		if (!strcmp(label, zero[i])) {
			*value = 0;
			return true;
		}
	const struct {
		const char *label;
		bool known;
		uint64_t value;
	} lines[] = {
		{ "MemTotal", m->limit < UNLIMITED, m->limit },
		{ "MemFree", m->limit < UNLIMITED, less(m->limit, m->usage) },
		{ "MemAvailable", m->limit < UNLIMITED, less(m->limit, m->usage) },
		{ "Cached", true, m->cache },
		{ "Active", true, m->active_anon + m->active_file },
		{ "Inactive", true, m->inactive_anon + m->inactive_file },
		{ "Active(anon)", true, m->active_anon },
		{ "Inactive(anon)", true, m->inactive_anon },
		{ "Active(file)", true, m->active_file },
		{ "Inactive(file)", true, m->inactive_file },
		{ "Unevictable", true, m->unevictable },
		{ "SwapTotal", m->swap_limit < UNLIMITED, m->swap_limit },
		{ "SwapFree", m->swap_limit < UNLIMITED, less(m->swap_limit, m->swap_usage) },
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (!strcmp(label, lines[i].label)) {
			*value = lines[i].value;
			return lines[i].known;
		}
	return false;
}

/* The file's text. Where the group cannot be read, the host's own text. Returns its length. */
static size_t compose(char *out, size_t size)
{
	static char host[TEXT_BYTES];
	ssize_t length = slurp("/proc/meminfo", host, sizeof host);
	struct memory m;
	if (length <= 0)
		return 0;
	bool known = read_group(&m);
	size_t written = 0;
	for (char *line = host, *next; *line && written < size; line = next) {
		char *end = strchrnul(line, '\n');
		next = *end ? end + 1 : end;
		*end = 0;
		char *colon = strchr(line, ':');
		uint64_t value;
		int n;
		if (colon)
			*colon = 0;
		bool own = colon && known && replaced(line, &m, &value);
		if (colon)
			*colon = ':';
		if (own)
			n = snprintf(out + written, size - written, "%.*s:%*s%8" PRIu64 " kB\n", (int)(colon - line), line,
				     (int)(15 - (colon - line) > 0 ? 15 - (colon - line) : 0), "", value >> 10);
		else
			n = snprintf(out + written, size - written, "%s\n", line);
		written += n > 0 ? (size_t)n : 0;
	}
	return written < size ? written : size - 1;
}

static void reply(uint64_t unique, int error, const void *body, size_t length)
{
	static char answer[sizeof(struct fuse_out_header) + TEXT_BYTES];
	struct fuse_out_header header = { .len = (uint32_t)(sizeof header + length), .error = -error, .unique = unique };
	memcpy(answer, &header, sizeof header);
	if (length)
		memcpy(answer + sizeof header, body, length);
	/* ENOENT: the asker was interrupted meanwhile. */
	if (write(fuse_fd, answer, header.len) < 0 && errno != ENOENT)
		dprintf(STDERR_FILENO, "meminfo: cannot answer: %s\n", strerror(errno));
}

static void reply_init(const struct fuse_in_header *in, const struct fuse_init_in *asked)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = asked->minor < FUSE_KERNEL_MINOR_VERSION ? asked->minor : FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = 0,
		.max_background = 1,
		.congestion_threshold = 1,
		.max_write = 4096,
	};
	reply(in->unique, 0, &out, sizeof out);
}

/* The size is the text's: since Linux 6.5 sendfile stops there, direct or not. */
static void reply_attributes(const struct fuse_in_header *in)
{
	static char text[TEXT_BYTES];
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	struct fuse_attr_out out = {
		.attr = { .ino = FUSE_ROOT_ID, .size = compose(text, sizeof text), .mode = 0100444, .nlink = 1, .blksize = 4096,
			  .uid = owner_uid, .gid = owner_gid, .atime = (uint64_t)now.tv_sec, .mtime = (uint64_t)now.tv_sec,
			  .ctime = (uint64_t)now.tv_sec },
	};
	reply(in->unique, 0, &out, sizeof out);
}

static void reply_open(const struct fuse_in_header *in, const struct fuse_open_in *asked)
{
	/* Direct: every read comes here, whatever size the attributes said. */
	struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO };
	if ((asked->flags & O_ACCMODE) != O_RDONLY)
		reply(in->unique, EACCES, NULL, 0);
	else
		reply(in->unique, 0, &out, sizeof out);
}

static void reply_read(const struct fuse_in_header *in, const struct fuse_read_in *asked)
{
	static char text[TEXT_BYTES];
	size_t length = compose(text, sizeof text);
	size_t from = asked->offset < length ? (size_t)asked->offset : length;
	size_t wanted = length - from < asked->size ? length - from : asked->size;
	reply(in->unique, 0, text + from, wanted);
}

/* df(1) asks this of every mount: a file system of no size, which it leaves out of its table. */
static void reply_statfs(const struct fuse_in_header *in)
{
	struct fuse_statfs_out out = { .st = { .bsize = 4096, .frsize = 4096, .namelen = 255 } };
	reply(in->unique, 0, &out, sizeof out);
}

int meminfo_serve(void)
{
	static _Alignas(8) char request[REQUEST_BYTES];
	for (int turns = 0; turns < TURNS_MAX; turns++) {
		ssize_t n = read(fuse_fd, request, sizeof request);
		if (n < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		if (n < (ssize_t)sizeof(struct fuse_in_header))
			return n < 0 && errno == EAGAIN ? 0 : -1;
		const struct fuse_in_header *in = (const struct fuse_in_header *)request;
		const void *body = in + 1;
		switch (in->opcode) {
		case FUSE_INIT:
			reply_init(in, body);
			break;
		case FUSE_GETATTR:
			reply_attributes(in);
			break;
		case FUSE_OPEN:
			reply_open(in, body);
			break;
		case FUSE_READ:
			reply_read(in, body);
			break;
		case FUSE_STATFS:
			reply_statfs(in);
			break;
		case FUSE_FLUSH:
		case FUSE_RELEASE:
		case FUSE_DESTROY:
			reply(in->unique, 0, NULL, 0);
			break;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT:
			break; /* these want no answer */
		default:
			reply(in->unique, ENOSYS, NULL, 0);
		}
	}
	return 0;
}
