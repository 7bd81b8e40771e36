/* virsh-lxc, and every other name of the program: runs the compiled program beside it (virsh-lxc.bin) without the variables
 * by which the environment steers its runtime. The runtime reads them before any line of ours: with BUN_OPTIONS it loads
 * scripts, with BUN_BE_BUN it is another program. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const STEERING[] = { "BUN_", "NODE_", "MIMALLOC_", "mimalloc_" };

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
	char **kept = env;
	for (char **variable = env; *variable; variable++)
		if (!steers(*variable))
			*kept++ = *variable;
	*kept = NULL;
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - sizeof SUFFIX);
	if (length > 0) {
		memcpy(program + length, SUFFIX, sizeof SUFFIX);
		execve(program, argv, env);
	}
	dprintf(STDERR_FILENO, "virsh-lxc: cannot run %s: %s\n", length > 0 ? program : "/proc/self/exe", strerror(errno));
	return 1;
}
