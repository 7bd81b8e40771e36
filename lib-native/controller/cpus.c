/* Which processors a container has, as its cpuset and its quota allow: /proc/cpuinfo, /sys/devices/system/cpu/online. They keep
 * the host's numbers, by which sched_setaffinity(2) knows them: the others are as if they were offline. */
#define _GNU_SOURCE
#include "view.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_MAX (8 * sizeof((struct cpus *)0)->bits)

bool has_cpu(const struct cpus *cpus, unsigned cpu)
{
	return cpu < CPUS_MAX && cpus->bits[cpu >> 3] & 1 << (cpu & 7);
}

/* `0-2,5`, up to `most` of them. */
static void parse_list(struct cpus *cpus, const char *list, unsigned most)
{
	for (const char *at = list; isdigit((unsigned char)*at);) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
		for (; first <= last && first < CPUS_MAX; first++) {
			cpus->fewer = cpus->count == most;
			if (cpus->fewer)
				return;
			cpus->bits[first >> 3] |= (unsigned char)(1 << (first & 7));
			cpus->count++;
		}
		at = *end == ',' ? end + 1 : end;
	}
}

/* How many whole processors the quota is worth, rounded up; UINT32_MAX without one. */
static unsigned quota(void)
{
	const char *directory = view.directory[VIEW_CPU];
	char text[64], *end;
	uint64_t limit, period;
	if (view.version == 2) {
		if (slurp(directory, "cpu.max", text, sizeof text) <= 0 || !isdigit((unsigned char)*text))
			return UINT32_MAX;
		limit = strtoull(text, &end, 10);
		period = strtoull(end, NULL, 10);
	} else {
		limit = number_in(directory, "cpu.cfs_quota_us");
		period = number_in(directory, "cpu.cfs_period_us");
	}
	if (limit >= UNLIMITED || !period || period >= UNLIMITED)
		return UINT32_MAX;
	uint64_t count = limit / period + (limit % period > 0);
	return count ? count < UINT32_MAX ? (unsigned)count : UINT32_MAX : 1;
}

const struct cpus *read_cpus(void)
{
	static struct cpus cpus;
	static char list[4096];
	static const char name[] = "Cpus_allowed_list:\t";
	const char *effective = view.version == 2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus";
	unsigned most = quota();
	memset(&cpus, 0, sizeof cpus);
	if (slurp(view.directory[VIEW_CPUSET], effective, list, sizeof list) > 1) {
		parse_list(&cpus, list, most);
		return &cpus;
	}
	/* No cpuset here: what init may run on. */
	snprintf(list, sizeof list, "/proc/%d/status", (int)view.init);
	struct lines *lines = lines_open(list);
	for (char *line; lines && (line = lines_next(lines));)
		if (lines->begins && !strncmp(line, name, sizeof name - 1))
			parse_list(&cpus, line + sizeof name - 1, most);
	return &cpus;
}

void online_cpus(struct text *text)
{
	const char *comma = "";
	const struct cpus *cpus = read_cpus();
	for (unsigned first = 0; first < CPUS_MAX; first++) {
		unsigned last = first;
		if (!has_cpu(cpus, first))
			continue;
		while (has_cpu(cpus, last + 1))
			last++;
		if (last > first)
			put(text, "%s%u-%u", comma, first, last);
		else
			put(text, "%s%u", comma, first);
		comma = ",";
		first = last;
	}
	put(text, "\n");
}

/* Blocks that begin with "processor : N"; some architectures have a block about all of them before or after. */
void cpuinfo(struct text *text)
{
	bool shown = true;
	const struct cpus *cpus = read_cpus();
	struct lines *host = lines_open("/proc/cpuinfo");
	if (!host)
		return;
	for (char *line; (line = lines_next(host));) {
		const char *value = !strncmp(line, "processor", 9) ? line + 9 : "";
		while (isblank((unsigned char)*value))
			value++;
		if (host->begins && *value == ':')
			shown = has_cpu(cpus, (unsigned)strtoul(value + 1, NULL, 10));
		if (shown)
			put_line(text, host, line);
		if (host->begins && !*line)
			shown = true;
	}
}
