#define _GNU_SOURCE
#include "text.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void put(struct text *text, const char *format, ...)
{
	va_list arguments;
	size_t left = text->size - text->length;
	va_start(arguments, format);
	int n = vsnprintf(text->bytes + text->length, left, format, arguments);
	va_end(arguments);
	if (n > 0)
		text->length += (size_t)n < left ? (size_t)n : left - 1;
}

void put_bytes(struct text *text, const char *bytes, size_t length)
{
	size_t left = text->size - text->length - 1;
	if (length > left)
		length = left;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

ssize_t slurp(const char *directory, const char *file, char *text, size_t size)
{
	static char path[4096 + 64];
	snprintf(path, sizeof path, "%s%s%s", directory ? directory : "", directory ? "/" : "", file);
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

uint64_t number_in(const char *directory, const char *file)
{
	char text[64];
	if (slurp(directory, file, text, sizeof text) <= 0 || text[0] < '0' || text[0] > '9')
		return UNLIMITED;
	uint64_t value = strtoull(text, NULL, 10);
	return value > UNLIMITED ? UNLIMITED : value;
}

uint64_t field(const char *text, const char *name, char after)
{
	size_t length = strlen(name);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (!strncmp(line, name, length) && line[length] == after)
			return strtoull(line + length + 1, NULL, 10);
	}
	return 0;
}

struct lines *lines_open(const char *file)
{
	static struct lines lines;
	lines.at = lines.have = 0;
	lines.ends = true;
	lines.fd = open(file, O_RDONLY | O_CLOEXEC);
	return lines.fd < 0 ? NULL : &lines;
}

char *lines_next(struct lines *lines)
{
	char *line = lines->bytes + lines->at;
	size_t left = lines->have - lines->at;
	char *end = memchr(line, '\n', left);
	if (!end && lines->at > 0) {
		memmove(lines->bytes, line, left);
		lines->at = 0;
		lines->have = left;
	}
	while (!end && lines->have < sizeof lines->bytes - 1) {
		ssize_t n = read(lines->fd, lines->bytes + lines->have, sizeof lines->bytes - 1 - lines->have);
		if (n <= 0)
			break;
		end = memchr(lines->bytes + lines->have, '\n', (size_t)n);
		lines->have += (size_t)n;
	}
	line = lines->bytes + lines->at;
	if (lines->at == lines->have) {
		close(lines->fd);
		return NULL;
	}
	lines->begins = lines->ends;
	lines->ends = end != NULL;
	if (end)
		*end = 0;
	else
		lines->bytes[lines->have] = 0;
	lines->at = end ? (size_t)(end + 1 - lines->bytes) : lines->have;
	return line;
}

void put_line(struct text *text, const struct lines *lines, const char *line)
{
	put_bytes(text, line, strlen(line));
	if (lines->ends)
		put_bytes(text, "\n", 1);
}
