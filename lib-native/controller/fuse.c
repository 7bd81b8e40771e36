/* Speaks just enough of the FUSE protocol (linux/fuse.h) for a directory of read-only files whose texts are computed. */
#define _GNU_SOURCE
#include "fuse.h"
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES (FUSE_MIN_READ_BUFFER + 4096)
#define TEXT_BYTES (1 << 20) /* a host of 600 processors; what is touched of it is given back */
#define KEPT_BYTES 16384     /* of a text, for who reads it in pieces */
#define FRESH_MS 20	     /* so long a text is told to all: who asks for the size and then reads is told of one, and who reads without end costs little */
#define TURNS_MAX 16 /* requests in a row before signals and consoles have their turn: a container may ask without end */
#define FOR_EVER 0x7fffffff

static const struct {
	const char *name;
	void (*write)(struct text *text);
} files[] = {
	{ "meminfo", meminfo }, { "swaps", swaps },	{ "cpuinfo", cpuinfo },	    { "online", online_cpus },
	{ "stat", cpu_times },	{ "uptime", uptime },	{ "loadavg", loadavg },	    { "diskstats", diskstats },
};
#define FILES (sizeof files / sizeof *files)
#define FIRST_FILE (FUSE_ROOT_ID + 1)

struct view view;
static int fuse_fd = -1;

/* The text that was computed last. */
static char bytes[TEXT_BYTES] __attribute__((aligned(4096)));
static struct {
	size_t length;
	uint64_t node;	 /* whose it is; 0: nobody's */
	uint64_t handle; /* of the open file that began to read it */
	uint64_t at_ms;
} last;

void fuse_open(int fuse)
{
	fuse_fd = fuse;
	int flags = fcntl(fuse, F_GETFL);
	if (flags >= 0)
		fcntl(fuse, F_SETFL, flags | O_NONBLOCK);
}

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void compose(uint64_t node)
{
	struct text text = { bytes, sizeof bytes, 0 };
	files[node - FIRST_FILE].write(&text);
	last.length = text.length;
	last.node = node;
	last.handle = 0;
	last.at_ms = now_ms();
}

static bool is_fresh(uint64_t node)
{
	return last.node == node && now_ms() - last.at_ms < FRESH_MS;
}

/* A long text is not kept. */
static void give_back(void)
{
	if (last.length <= KEPT_BYTES)
		return;
	madvise(bytes + KEPT_BYTES, sizeof bytes - KEPT_BYTES, MADV_DONTNEED);
	last.node = 0;
}

static void reply(uint64_t unique, int error, const void *body, size_t length)
{
	struct fuse_out_header header = { .len = (uint32_t)(sizeof header + length), .error = -error, .unique = unique };
	struct iovec parts[] = { { &header, sizeof header }, { (void *)body, length } };
	/* ENOENT: the asker was interrupted meanwhile. */
	if (writev(fuse_fd, parts, length ? 2 : 1) < 0 && errno != ENOENT)
		dprintf(STDERR_FILENO, "fuse: cannot answer: %s\n", strerror(errno));
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

static struct fuse_attr attributes(uint64_t node, size_t size)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t s = (uint64_t)now.tv_sec;
	return (struct fuse_attr){ .ino = node, .size = size, .mode = node == FUSE_ROOT_ID ? 0040555 : 0100444, .nlink = 1,
				   .blksize = 4096, .uid = view.uid, .gid = view.gid, .atime = s, .mtime = s, .ctime = s };
}

/* What is where never changes. */
static void reply_lookup(const struct fuse_in_header *in, const char *name)
{
	for (size_t i = 0; in->nodeid == FUSE_ROOT_ID && i < FILES; i++)
		if (!strcmp(name, files[i].name)) {
			struct fuse_entry_out out = { .nodeid = FIRST_FILE + i, .entry_valid = FOR_EVER, .attr = attributes(FIRST_FILE + i, 0) };
			reply(in->unique, 0, &out, sizeof out);
			return;
		}
	reply(in->unique, ENOENT, NULL, 0);
}

/* The size is the text's: since Linux 6.5 sendfile stops there, direct or not. */
static void reply_attributes(const struct fuse_in_header *in)
{
	bool directory = in->nodeid == FUSE_ROOT_ID;
	if (!directory && !is_fresh(in->nodeid))
		compose(in->nodeid);
	struct fuse_attr_out out = { .attr_valid = directory ? FOR_EVER : 0, .attr = attributes(in->nodeid, directory ? 0 : last.length) };
	reply(in->unique, 0, &out, sizeof out);
	if (!directory)
		give_back();
}

static void reply_open(const struct fuse_in_header *in, const struct fuse_open_in *asked)
{
	static uint64_t opened;
	/* Direct: every read comes here, whatever size the attributes said. */
	struct fuse_open_out out = { .fh = ++opened, .open_flags = FOPEN_DIRECT_IO };
	if ((asked->flags & O_ACCMODE) != O_RDONLY)
		reply(in->unique, EACCES, NULL, 0);
	else
		reply(in->unique, 0, &out, sizeof out);
}

/* Whoever reads on reads the text that he began with, unless somebody else has read meanwhile. */
static void reply_read(const struct fuse_in_header *in, const struct fuse_read_in *asked)
{
	bool goes_on = asked->offset > 0 && last.node == in->nodeid && last.handle == asked->fh;
	if (!goes_on && !is_fresh(in->nodeid))
		compose(in->nodeid);
	last.handle = asked->fh;
	size_t from = asked->offset < last.length ? (size_t)asked->offset : last.length;
	size_t wanted = last.length - from < asked->size ? last.length - from : asked->size;
	reply(in->unique, 0, bytes + from, wanted);
	give_back();
}

/* df(1) asks this of every mount: a file system of no size, which it leaves out of its table. */
static void reply_statfs(const struct fuse_in_header *in)
{
	struct fuse_statfs_out out = { .st = { .bsize = 4096, .frsize = 4096, .namelen = 255 } };
	reply(in->unique, 0, &out, sizeof out);
}

int fuse_serve(void)
{
	static _Alignas(8) char request[REQUEST_BYTES];
	for (int turns = 0; turns < TURNS_MAX; turns++) {
		ssize_t n = read(fuse_fd, request, sizeof request - 1);
		if (n < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		if (n < (ssize_t)sizeof(struct fuse_in_header))
			return n < 0 && errno == EAGAIN ? 0 : -1;
		const struct fuse_in_header *in = (const struct fuse_in_header *)request;
		const void *body = in + 1;
		bool file = in->nodeid >= FIRST_FILE && in->nodeid < FIRST_FILE + FILES;
		request[n] = 0;
		switch (in->opcode) {
		case FUSE_INIT:
			reply_init(in, body);
			continue;
		case FUSE_STATFS:
			reply_statfs(in);
			continue;
		case FUSE_LOOKUP:
			reply_lookup(in, body);
			continue;
		case FUSE_FLUSH:
		case FUSE_RELEASE:
		case FUSE_DESTROY:
			reply(in->unique, 0, NULL, 0);
			continue;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT:
			continue; /* these want no answer */
		}
		if (in->opcode == FUSE_GETATTR && (file || in->nodeid == FUSE_ROOT_ID))
			reply_attributes(in);
		else if (in->opcode == FUSE_OPEN && file)
			reply_open(in, body);
		else if (in->opcode == FUSE_READ && file)
			reply_read(in, body);
		else
			reply(in->unique, ENOSYS, NULL, 0);
	}
	return 0;
}
