/* /proc/meminfo: the host's with the lines that the container's memory cgroup determines replaced; /proc/swaps. */
#define _GNU_SOURCE
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct memory {
	uint64_t limit, usage, swap_limit, swap_usage; /* swap alone, not with memory */
	uint64_t cache, active_anon, inactive_anon, active_file, inactive_file, unevictable;
};

static bool read_group(struct memory *m)
{
	static char stat[4096];
	const char *directory = view.directory[VIEW_MEMORY];
	if (slurp(directory, "memory.stat", stat, sizeof stat) <= 0)
		return false;
	if (view.version == 2) {
		m->limit = number_in(directory, "memory.max");
		m->usage = number_in(directory, "memory.current");
		m->swap_limit = number_in(directory, "memory.swap.max");
		m->swap_usage = number_in(directory, "memory.swap.current");
		m->cache = field(stat, "file", ' ');
	} else {
		m->limit = number_in(directory, "memory.limit_in_bytes");
		m->usage = number_in(directory, "memory.usage_in_bytes");
		uint64_t both = number_in(directory, "memory.memsw.limit_in_bytes");
		uint64_t both_used = number_in(directory, "memory.memsw.usage_in_bytes");
		m->swap_limit = both < UNLIMITED && m->limit < UNLIMITED && both >= m->limit ? both - m->limit : UNLIMITED;
		m->swap_usage = both_used < UNLIMITED && both_used >= m->usage ? both_used - m->usage : 0;
		m->cache = field(stat, "cache", ' ');
	}
	m->active_anon = field(stat, "active_anon", ' ');
	m->inactive_anon = field(stat, "inactive_anon", ' ');
	m->active_file = field(stat, "active_file", ' ');
	m->inactive_file = field(stat, "inactive_file", ' ');
	m->unevictable = field(stat, "unevictable", ' ');
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

void meminfo(struct text *text)
{
	struct memory m;
	bool known = read_group(&m);
	struct lines *host = lines_open("/proc/meminfo");
	if (!host)
		return;
	for (char *line; (line = lines_next(host));) {
		char *colon = strchr(line, ':');
		uint64_t value;
		if (colon)
			*colon = 0;
		bool own = colon && known && replaced(line, &m, &value);
		if (colon)
			*colon = ':';
		if (own)
			put(text, "%.*s:%*s%8" PRIu64 " kB\n", (int)(colon - line), line,
			    (int)(15 - (colon - line) > 0 ? 15 - (colon - line) : 0), "", value >> 10);
		else
			put_line(text, host, line);
	}
}

/* As much swap as the host has, and the container may use of it. */
void swaps(struct text *text)
{
	static char host[4096];
	struct memory m;
	put(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	if (slurp(NULL, "/proc/meminfo", host, sizeof host) <= 0 || !read_group(&m))
		return;
	const char *line = strstr(host, "\nSwapTotal:");
	uint64_t total = line ? strtoull(line + strlen("\nSwapTotal:"), NULL, 10) << 10 : 0;
	uint64_t used = m.swap_usage < UNLIMITED ? m.swap_usage : 0;
	if (total > m.swap_limit)
		total = m.swap_limit;
	if (total > 0)
		put(text, "%-40s%s\t%" PRIu64 "\t%s%" PRIu64 "\t%s%d\n", "none", "virtual\t", total >> 10,
		    total >> 10 < 10000000 ? "\t" : "", used >> 10, used >> 10 < 10000000 ? "\t" : "", -2);
}
