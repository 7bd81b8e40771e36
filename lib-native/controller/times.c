/* What has become of the container's time: /proc/stat, /proc/uptime, /proc/loadavg. */
#define _GNU_SOURCE
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HZ 100 /* USER_HZ, on every Linux (proc(5)) */
#define NS_PER_TICK (1000000000 / HZ)
#define US_PER_TICK (1000000 / HZ)

/* Since the container's time began, in ticks. */
static uint64_t elapsed(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	uint64_t s = (uint64_t)now.tv_sec;
	return (s > view.since ? s - view.since : 0) * HZ + (uint64_t)now.tv_nsec / NS_PER_TICK;
}

/* In ticks, and of what is shown for each processor. */
struct usage {
	uint64_t user, system, idle;
	bool apart; /* the kernel counts each processor by itself */
};

/* v1: a number for each possible processor. */
static char user_times[32768], system_times[32768];

static uint64_t next_number(char **at)
{
	return strtoull(*at, at, 10);
}

/* A processor that did nothing for all the time would be idle for `ticks`. */
static uint64_t idle_of(uint64_t ticks, uint64_t used)
{
	return ticks > used ? ticks - used : 0;
}

static bool read_apart(const struct cpus *cpus, uint64_t ticks, struct usage *usage)
{
	const char *directory = view.directory[VIEW_CPUACCT];
	if (view.version == 2 || cpus->fewer || slurp(directory, "cpuacct.usage_percpu_user", user_times, sizeof user_times) <= 0 ||
	    slurp(directory, "cpuacct.usage_percpu_sys", system_times, sizeof system_times) <= 0)
		return false;
	char *users = user_times, *systems = system_times;
	for (unsigned cpu = 0; cpu < 8 * sizeof cpus->bits && *users && *users != '\n'; cpu++) {
		uint64_t user = next_number(&users) / NS_PER_TICK, system = next_number(&systems) / NS_PER_TICK;
		users += *users == ' ';
		systems += *systems == ' ';
		if (!has_cpu(cpus, cpu))
			continue;
		usage->user += user;
		usage->system += system;
		usage->idle += idle_of(ticks, user + system);
	}
	return true;
}

/* How long its processors had nothing to do, where only their sum is known: counted from one look to the next, since how many they
 * are may change. */
static uint64_t idle_together(unsigned count, uint64_t ticks, uint64_t used)
{
	static uint64_t idle, last_ticks, last_used;
	if (ticks > last_ticks && used >= last_used) {
		idle += idle_of((ticks - last_ticks) * count, used - last_used);
		last_ticks = ticks;
		last_used = used;
	}
	return idle;
}

/* Returns false where the kernel does not tell. */
static bool read_usage(const struct cpus *cpus, uint64_t ticks, struct usage *usage)
{
	static char stat[2048];
	bool unified = view.version == 2;
	memset(usage, 0, sizeof *usage);
	if (!cpus->count)
		return false;
	usage->apart = read_apart(cpus, ticks, usage);
	if (usage->apart)
		return true;
	if (slurp(view.directory[VIEW_CPUACCT], unified ? "cpu.stat" : "cpuacct.stat", stat, sizeof stat) <= 0)
		return false;
	usage->user = unified ? field(stat, "user_usec", ' ') / US_PER_TICK : field(stat, "user", ' ');
	usage->system = unified ? field(stat, "system_usec", ' ') / US_PER_TICK : field(stat, "system", ' ');
	usage->idle = idle_together(cpus->count, ticks, usage->user + usage->system);
	return true;
}

static void put_times(struct text *text, uint64_t user, uint64_t system, uint64_t idle)
{
	put(text, " %" PRIu64 " 0 %" PRIu64 " %" PRIu64 " 0 0 0 0 0 0\n", user, system, idle);
}

static void put_cpus(struct text *text, const struct cpus *cpus, const struct usage *usage, uint64_t ticks)
{
	char *users = user_times, *systems = system_times;
	put(text, "cpu ");
	put_times(text, usage->user, usage->system, usage->idle);
	for (unsigned cpu = 0, shown = 0; shown < cpus->count; cpu++) {
		uint64_t user = 0, system = 0;
		if (usage->apart) {
			user = next_number(&users) / NS_PER_TICK;
			system = next_number(&systems) / NS_PER_TICK;
			users += *users == ' ';
			systems += *systems == ' ';
		}
		if (!has_cpu(cpus, cpu))
			continue;
		shown++;
		put(text, "cpu%u", cpu);
		if (usage->apart)
			put_times(text, user, system, idle_of(ticks, user + system));
		else /* each has the same part of what they have together */
			put_times(text, usage->user / cpus->count, usage->system / cpus->count, usage->idle / cpus->count);
	}
}

void cpu_times(struct text *text)
{
	struct usage usage;
	uint64_t ticks = elapsed();
	const struct cpus *cpus = read_cpus();
	bool known = read_usage(cpus, ticks, &usage), whole = false;
	if (known)
		put_cpus(text, cpus, &usage, ticks);
	struct lines *host = lines_open("/proc/stat");
	if (!host)
		return;
	for (char *line; (line = lines_next(host));) {
		if (host->begins)
			whole = !(known && !strncmp(line, "cpu", 3));
		if (host->begins && !strncmp(line, "btime ", 6))
			put(text, "btime %" PRIu64 "\n", (uint64_t)strtoull(line + 6, NULL, 10) + view.since);
		else if (whole)
			put_line(text, host, line);
	}
}

void uptime(struct text *text)
{
	struct usage usage;
	uint64_t ticks = elapsed();
	const struct cpus *cpus = read_cpus();
	read_usage(cpus, ticks, &usage);
	put(text, "%" PRIu64 ".%02u %" PRIu64 ".%02u\n", ticks / HZ, (unsigned)(ticks % HZ), usage.idle / HZ, (unsigned)(usage.idle % HZ));
}

/* The kernel's way of averaging (kernel/sched/loadavg.c): fixed point with 11 bits, a step of 5 seconds. */
#define ONE 2048u
#define STEP (5 * HZ)

/* base to the power of `exponent`, both in fixed point. */
static uint64_t power(uint64_t base, uint64_t exponent)
{
	uint64_t result = ONE;
	for (; exponent; exponent >>= 1) {
		if (exponent & 1)
			result = (result * base + ONE / 2) / ONE;
		base = (base * base + ONE / 2) / ONE;
	}
	return result;
}

/* Microseconds in which processes ran, and in which any of them waited for a processor or a disk (accounting/psi.rst). */
static uint64_t busy(void)
{
	static char text[512];
	uint64_t us = 0;
	if (view.version == 2) {
		if (slurp(view.directory[VIEW_CPUACCT], "cpu.stat", text, sizeof text) > 0)
			us = field(text, "usage_usec", ' ');
	} else {
		uint64_t ns = number_in(view.directory[VIEW_CPUACCT], "cpuacct.usage");
		us = ns < UNLIMITED ? ns / 1000 : 0;
	}
	static const char *const waits[] = { "cpu.pressure", "io.pressure" };
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		const char *total = slurp(view.directory[VIEW_PRESSURE], waits[i], text, sizeof text) > 0 ? strstr(text, "total=") : NULL;
		us += total ? strtoull(total + strlen("total="), NULL, 10) : 0;
	}
	return us;
}

/* How many processes ran or waited, on the average. The kernel counts them only for the whole host; of a cgroup it tells how much
 * they ran and that some waited, exactly, so an average needs no look at regular times: only at two. Of several that wait at
 * the same time one is counted. */
void loadavg(struct text *text)
{
	static const unsigned decay[3] = { 1884, 2014, 2037 }; /* of 1, 5 and 15 minutes, in a step */
	static uint64_t average[3], last_ticks, last_busy;
	uint64_t ticks = elapsed(), steps = ticks > last_ticks ? (ticks - last_ticks) / STEP : 0;
	uint64_t processes = number_in(view.directory[VIEW_PIDS], "pids.current");
	if (steps) {
		uint64_t now = busy();
		uint64_t load = now > last_busy ? (now - last_busy) * ONE / ((ticks - last_ticks) * US_PER_TICK) : 0;
		for (int i = 0; i < 3; i++) {
			uint64_t kept = power(decay[i], steps);
			average[i] = (average[i] * kept + load * (ONE - kept) + ONE / 2) / ONE;
		}
		last_ticks = ticks;
		last_busy = now;
	}
	for (int i = 0; i < 3; i++) {
		uint64_t rounded = average[i] + ONE / 200;
		put(text, "%" PRIu64 ".%02u ", rounded / ONE, (unsigned)((rounded % ONE) * 100 / ONE));
	}
	put(text, "1/%" PRIu64 " 0\n", processes < UNLIMITED ? processes : 1);
}
