/* What a container wrote to its consoles, in files of the host. */
#ifndef OUTPUT_LOG_H
#define OUTPUT_LOG_H

#include <stddef.h>
#include <sys/types.h>

/* The <log> of a console; fd -1: it has none. */
struct output_log {
	int fd, directory;
	const char *name; /* of the file, in that directory */
	off_t size;
};

/* The file is open already, for appending. */
void output_log_open(struct output_log *log, int fd, int directory, const char *name);

/* Everything that is written, as it comes. */
void output_log_write(struct output_log *log, const char *bytes, size_t size);

/* To standard error, what nobody read of console `index`: `count` bytes of a ring from `from` on. In lines that cannot be
 * taken for others, without control characters. */
void output_log_note(size_t index, const char *ring, size_t ring_bytes, size_t from, size_t count);

#endif
