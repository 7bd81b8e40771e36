/* What a process inherits from whoever starts it, beside descriptors and ids: a container is to have it as from a service of the
 * host, not from an administrator's session that was given privileges of its own. Everything here may fail: then the host
 * forbids it to us, too. */
#define _GNU_SOURCE
#include "ordinary.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFAULT_SLACK_NS 50000
#define CPU_MASK_BYTES 128

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		return (void)close(fd);
	close(fd);
}

/* Process 1 of the host has what services have; the number of open files is the plan's affair. */
static void take_limits(void)
{
	for (int resource = 0; resource < RLIMIT_NLIMITS; resource++) {
		struct rlimit own, first;
		if (resource == RLIMIT_NOFILE || getrlimit(resource, &own) < 0 || prlimit(1, resource, NULL, &first) < 0)
			continue;
		if (setrlimit(resource, &first) == 0)
			continue;
		/* A higher limit than one's own takes a right that this host may not give. */
		if (first.rlim_max > own.rlim_max)
			first.rlim_max = own.rlim_max;
		if (first.rlim_cur > first.rlim_max)
			first.rlim_cur = first.rlim_max;
		setrlimit(resource, &first);
	}
}

static void take_scheduling(bool keeps_modesty)
{
	struct sched_param none = { 0 };
	int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	if (policy != SCHED_OTHER && !(keeps_modesty && (policy == SCHED_BATCH || policy == SCHED_IDLE)))
		sched_setscheduler(0, SCHED_OTHER, &none);
	int nice = getpriority(PRIO_PROCESS, 0);
	if (nice < 0 || !keeps_modesty)
		setpriority(PRIO_PROCESS, 0, 0);
	long io = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
	if (IOPRIO_PRIO_CLASS(io) != IOPRIO_CLASS_IDLE || !keeps_modesty)
		syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
	syscall(SYS_set_mempolicy, 0, NULL, 0);
	if (!keeps_modesty) {
		unsigned char all[CPU_MASK_BYTES];
		memset(all, 0xff, sizeof all);
		syscall(SYS_sched_setaffinity, 0, sizeof all, all);
	}
	prctl(PR_SET_TIMERSLACK, DEFAULT_SLACK_NS, 0, 0, 0);
}

/* keeps_modesty: who asked to be served after others, as nice(1) does, still is. */
void be_ordinary(bool keeps_modesty)
{
	take_limits();
	take_scheduling(keeps_modesty);
	umask(022);
	personality(PER_LINUX);
	prctl(PR_SET_SECUREBITS, 0, 0, 0, 0);
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	write_file("/proc/self/coredump_filter", "0x33");
	write_file("/proc/self/oom_score_adj", "0");
}
