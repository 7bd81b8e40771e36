/* Nobody need read what comes from a container: its file is bounded as libvirt's virtlogd bounds it. One that is full becomes
 * NAME.0, and that NAME.1, and so on; the last is given up. */
#define _GNU_SOURCE
#include "output-log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FULL_BYTES (2 << 20)
#define BACKUPS 3

void output_log_open(struct output_log *log, int fd, int directory, const char *name)
{
	struct stat found;
	*log = (struct output_log){ fd, directory, name, fstat(fd, &found) == 0 ? found.st_size : 0, FULL_BYTES, BACKUPS, false };
}

static void give_up(struct output_log *log, const char *why)
{
	dprintf(STDERR_FILENO, "libvirt_lxc: log of a console, %s: %s: %s\n", log->name, why, strerror(errno));
	close(log->fd);
	log->fd = -1;
}

void output_log_keep(struct output_log *log, int directory, const char *name, off_t full, int files)
{
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;
	output_log_open(log, openat(directory, name, flags, 0600), directory, name);
	log->full = full;
	log->backups = files - 1;
	log->records = true;
	if (log->fd < 0)
		give_up(log, "cannot be opened"); /* no reason not to start */
}

static void begin_next(struct output_log *log)
{
	char from[NAME_MAX + 4], to[NAME_MAX + 4];
	for (int i = log->backups - 1; i >= 0; i--) {
		snprintf(to, sizeof to, "%s.%d", log->name, i);
		snprintf(from, sizeof from, i ? "%s.%d" : "%s", log->name, i - 1);
		renameat(log->directory, from, log->directory, to);
	}
	if (!log->backups)
		unlinkat(log->directory, log->name, 0);
	int next = openat(log->directory, log->name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOCTTY | O_CLOEXEC, 0600);
	if (next < 0) {
		give_up(log, "cannot be made");
		return;
	}
	close(log->fd);
	log->fd = next;
	log->size = 0;
}

/* All of it or nothing: whoever reads the file finds the next record where this one says that it begins. */
static void write_record(struct output_log *log, const char *bytes, size_t size)
{
	char head[48];
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int length = snprintf(head, sizeof head, "O %lld%03ld %zu\n", (long long)now.tv_sec, now.tv_nsec / 1000000, size);
	struct iovec parts[] = { { head, (size_t)length }, { (void *)bytes, size }, { "\n", 1 } };
	ssize_t whole = length + (ssize_t)size + 1;
	if (log->size + whole > log->full && log->size)
		begin_next(log);
	if (log->fd < 0)
		return;
	ssize_t n = writev(log->fd, parts, 3);
	if (n == whole)
		log->size += n;
	else if (n > 0 && ftruncate(log->fd, lseek(log->fd, 0, SEEK_CUR) - n) < 0) /* a full disk */
		give_up(log, "cannot be written");
}

void output_log_write(struct output_log *log, const char *bytes, size_t size)
{
	if (log->fd >= 0 && log->records)
		return write_record(log, bytes, size);
	while (log->fd >= 0 && size) {
		ssize_t n = write(log->fd, bytes, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) /* a full disk, say, which may have room again later */
			return;
		bytes += n;
		size -= (size_t)n;
		log->size += n;
		if (log->size >= log->full)
			begin_next(log);
	}
}

void output_log_note(size_t index, const char *ring, size_t ring_bytes, size_t from, size_t count)
{
	char text[4096];
	size_t used = 0;
	unsigned char c = '\n', before;
	if (count)
		dprintf(STDERR_FILENO, "libvirt_lxc: what nobody read of console%zu:\n", index);
	for (size_t i = 0; i < count || c != '\n'; i++) {
		before = c;
		c = i < count ? (unsigned char)ring[(from + i) % ring_bytes] : '\n';
		if (before == '\n') {
			text[used++] = '|';
			text[used++] = ' ';
		}
		if ((c < ' ' && c != '\n' && c != '\t' && c != '\r') || c == 0x7f) {
			text[used++] = '^';
			text[used++] = (char)(c ^ 0x40);
		} else if (c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2)) {
			text[used++] = '?'; /* a control character too, alone or in UTF-8 */
		} else if (c != '\r') {
			text[used++] = (char)c;
		}
		if ((used > sizeof text - 8 || i + 1 >= count) && write(STDERR_FILENO, text, used) >= 0)
			used = 0;
		else if (used > sizeof text - 8)
			return; /* the host has no room for it */
	}
}
