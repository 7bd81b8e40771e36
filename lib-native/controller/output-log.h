/* What a container wrote to its consoles, in files of the host. */
#ifndef OUTPUT_LOG_H
#define OUTPUT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The <log> of a console, or what is kept of it with the time; fd -1: there is none. */
struct output_log {
	int fd, directory;
	const char *name; /* of the file, in that directory */
	off_t size;
	off_t full;   /* a file of so many bytes makes way for the next */
	int backups;  /* so many are kept beside it */
	bool records; /* each write is a line that says when and of how many bytes, those, and a line feed */
};

/* The file is open already, for appending. */
void output_log_open(struct output_log *log, int fd, int directory, const char *name);

/* Opens one of records, in `files` files of at most `full` bytes. */
void output_log_keep(struct output_log *log, int directory, const char *name, off_t full, int files);

/* Everything that is written, as it comes. */
void output_log_write(struct output_log *log, const char *bytes, size_t size);

/* To standard error, what nobody read of console `index`: `count` bytes of a ring from `from` on. In lines that cannot be
 * taken for others, without control characters. */
void output_log_note(size_t index, const char *ring, size_t ring_bytes, size_t from, size_t count);

#endif
