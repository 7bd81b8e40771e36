/* /proc/diskstats: what the container has read and written, of the disks that it has to do with. */
#define _GNU_SOURCE
#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512

struct io {
	uint64_t read_bytes, written_bytes, discarded_bytes, reads, writes, discards;
};

/* The number after a name in a line. */
static uint64_t in_line(const char *line, const char *name)
{
	const char *end = strchrnul(line, '\n');
	const char *at = strstr(line, name);
	return at && at < end ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* The first line that begins so, at or after `from`; NULL if there is none. */
static const char *line_of(const char *from, const char *beginning)
{
	size_t length = strlen(beginning);
	for (const char *line = from; *line; line = *line ? line + 1 : line) {
		if (!strncmp(line, beginning, length))
			return line;
		line = strchrnul(line, '\n');
		if (!*line)
			break;
	}
	return NULL;
}

/* v1 has lines `8:0 Read 4096`. */
static uint64_t operation(const char *text, const char *disk, const char *name)
{
	char beginning[48];
	snprintf(beginning, sizeof beginning, "%s%s ", disk, name);
	const char *line = line_of(text, beginning);
	return line ? strtoull(line + strlen(beginning), NULL, 10) : 0;
}

static char bytes_text[8192], count_text[8192];

static bool read_texts(void)
{
	const char *directory = view.directory[VIEW_BLKIO];
	if (view.version == 2)
		return slurp(directory, "io.stat", bytes_text, sizeof bytes_text) > 0;
	return slurp(directory, "blkio.throttle.io_service_bytes_recursive", bytes_text, sizeof bytes_text) > 0 &&
	       slurp(directory, "blkio.throttle.io_serviced_recursive", count_text, sizeof count_text) > 0;
}

/* `disk`: "8:0 ". */
static bool io_of(const char *disk, struct io *io)
{
	const char *line = line_of(bytes_text, disk);
	memset(io, 0, sizeof *io);
	if (!line)
		return false;
	if (view.version == 2)
		*io = (struct io){ in_line(line, "rbytes="), in_line(line, "wbytes="), in_line(line, "dbytes="),
				   in_line(line, "rios="),   in_line(line, "wios="),   in_line(line, "dios=") };
	else
		*io = (struct io){ operation(bytes_text, disk, "Read"),	   operation(bytes_text, disk, "Write"),
				   operation(bytes_text, disk, "Discard"), operation(count_text, disk, "Read"),
				   operation(count_text, disk, "Write"),   operation(count_text, disk, "Discard") };
	return io->reads || io->writes || io->discards;
}

void diskstats(struct text *text)
{
	struct lines *host = read_texts() ? lines_open("/proc/diskstats") : NULL;
	if (!host)
		return;
	for (char *line; (line = lines_next(host));) {
		unsigned major, minor;
		char name[64], disk[32];
		struct io io;
		if (sscanf(line, "%u %u %63s", &major, &minor, name) != 3)
			continue;
		snprintf(disk, sizeof disk, "%u:%u ", major, minor);
		if (!io_of(disk, &io))
			continue;
		put(text, "%4u %7u %s %" PRIu64 " 0 %" PRIu64 " 0 %" PRIu64 " 0 %" PRIu64 " 0 0 0 0 %" PRIu64 " 0 %" PRIu64 " 0 0 0\n", major,
		    minor, name, io.reads, io.read_bytes / SECTOR, io.writes, io.written_bytes / SECTOR, io.discards,
		    io.discarded_bytes / SECTOR);
	}
}
