/* virsh-lxc, and every other name of the program: runs the compiled program beside it (virsh-lxc.bin) without the variables
 * by which the environment steers its runtime. The runtime reads them before any line of ours: with BUN_OPTIONS it loads
 * scripts, with BUN_BE_BUN it is another program. Two of them are ours to set, and the program takes them away again (lib-native/runtime.ts). */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const STEERING[] = { "BUN_", "NODE_", "MIMALLOC_", "mimalloc_" };

static const char *const OURS[] = {
	"BUN_JSC_useJIT=0",     /* no command runs for long enough to earn back what it costs to compile a function for the processor */
	"MIMALLOC_ALLOW_THP=1", /* the heap in huge pages: a thousand page faults less */
};

static int steers(const char *variable)
{
	for (size_t i = 0; i < sizeof STEERING / sizeof *STEERING; i++)
		if (!strncmp(variable, STEERING[i], strlen(STEERING[i])))
			return 1;
	return 0;
}

int main(int argc, char **argv, char **env)
{
	static const char SUFFIX[] = ".bin";
	char program[4096 + sizeof SUFFIX];
	(void)argc;
	size_t count = 0, kept = 0;
	while (env[count])
		count++;
	char **passed = malloc((sizeof OURS / sizeof *OURS + count + 1) * sizeof *passed);
	if (!passed)
		return 1;
	for (; kept < sizeof OURS / sizeof *OURS; kept++)
		passed[kept] = (char *)OURS[kept];
	for (char **variable = env; *variable; variable++)
		if (!steers(*variable))
			passed[kept++] = *variable;
	passed[kept] = NULL;
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - sizeof SUFFIX);
	if (length > 0) {
		memcpy(program + length, SUFFIX, sizeof SUFFIX);
		execve(program, argv, passed);
	}
	dprintf(STDERR_FILENO, "virsh-lxc: cannot run %s: %s\n", length > 0 ? program : "/proc/self/exe", strerror(errno));
	return 1;
}
