/* Writes one of the files that the controller computes (controller/view.h), of cgroups whose directories are given: read-view FILE
 * VERSION SINCE INIT DIRECTORY... */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct view view;

static const struct {
	const char *name;
	void (*write)(struct text *text);
} files[] = {
	{ "meminfo", meminfo }, { "swaps", swaps },   { "cpuinfo", cpuinfo }, { "online", online_cpus },
	{ "stat", cpu_times },	{ "uptime", uptime }, { "loadavg", loadavg }, { "diskstats", diskstats },
};

int main(int argc, char **argv)
{
	static char bytes[1 << 20];
	if (argc != 5 + VIEW_DIRECTORIES)
		return 2;
	view = (struct view){ .directory = argv + 5, .version = (unsigned)atoi(argv[2]), .since = strtoull(argv[3], NULL, 10), .init = atoi(argv[4]) };
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (!strcmp(argv[1], files[i].name)) {
			struct text text = { bytes, sizeof bytes, 0 };
			files[i].write(&text);
			fwrite(text.bytes, 1, text.length, stdout);
		}
	return 0;
}
