/* Small texts of the kernel's: read, searched, and written. Nothing here blocks but on what the kernel answers at once. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* v1 prints its "no limit" as the largest multiple of a page; anything near it is none. */
#define UNLIMITED (UINT64_MAX >> 2)

/* A text that grows; what does not fit is left out. */
struct text {
	char *bytes;
	size_t size, length;
};

__attribute__((format(printf, 2, 3))) void put(struct text *text, const char *format, ...);
void put_bytes(struct text *text, const char *bytes, size_t length);

/* The text of a small file, terminated; `directory` may be NULL. Returns its length or -1. */
ssize_t slurp(const char *directory, const char *file, char *text, size_t size);

/* The number that a file begins with; UNLIMITED for "max", for "-1", and where it cannot be read. */
uint64_t number_in(const char *directory, const char *file);

/* The number after a name that begins a line, and `after`; 0 where there is none. */
uint64_t field(const char *text, const char *name, char after);

/* A file in pieces: lines, without their ends, and what is too long for one in several. */
struct lines {
	int fd; /* open until its end was read: nobody may leave earlier */
	bool begins, ends; /* the piece begins a line, ends one */
	size_t at, have;
	char bytes[4096];
};

/* Of one file at a time. NULL where it cannot be read. */
struct lines *lines_open(const char *file);
/* The next piece, terminated, or NULL at the end, where the file is closed. */
char *lines_next(struct lines *lines);
/* The piece, with the end of its line if that is there. */
void put_line(struct text *text, const struct lines *lines, const char *line);

#endif
