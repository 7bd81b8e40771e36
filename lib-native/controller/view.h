/* What a container is told of its resources: the files of /proc and /sys that the kernel makes for the whole host, made true
 * to the container's cgroups and its own life. Each is computed when it is read, and nothing is kept but what a rate needs. */
#ifndef VIEW_H
#define VIEW_H

#include "text.h"

#include <stdint.h>
#include <sys/types.h>

/* Of the plan, in this order; "" where there is none. Version 2 has one directory for all. */
enum view_directory { VIEW_MEMORY, VIEW_CPU, VIEW_CPUACCT, VIEW_CPUSET, VIEW_BLKIO, VIEW_PIDS, VIEW_PRESSURE, VIEW_DIRECTORIES };

struct view {
	char *const *directory; /* must stay valid */
	unsigned version;	/* of the cgroups: 1 or 2 */
	uid_t uid;		/* whose the files are */
	gid_t gid;
	uint64_t since; /* seconds after the host's start that the container's time begins; 0: with the host's */
	pid_t init;
};

extern struct view view;

/* Each writes the file's whole text. What cannot be known stays as the host has it. */
void meminfo(struct text *text);
void swaps(struct text *text);
void cpuinfo(struct text *text);
void online_cpus(struct text *text);
void cpu_times(struct text *text); /* /proc/stat */
void uptime(struct text *text);
void loadavg(struct text *text);
void diskstats(struct text *text);

/* The processors that a container may use, and no more of them than its quota pays for. */
struct cpus {
	unsigned count;
	bool fewer;		    /* than it may run on: the quota is less */
	unsigned char bits[8192 / 8]; /* the kernel's most (NR_CPUS) */
};
const struct cpus *read_cpus(void); /* until the next call */
bool has_cpu(const struct cpus *cpus, unsigned cpu);

#endif
