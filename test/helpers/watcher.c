/* Watches every process that appears in its PID namespace for what a container must not get at, and writes a line for each
 * find to its standard output. Harmless: a file that it can reach gets mode 0751.
 * usage: watcher SECONDS */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int name_of(const char *pid, char *name, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, name, size - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	name[n - 1] = 0;
	return 0;
}

/* It had not executed the command yet: before that it is a process of the controller's program. */
static int is_ours(const char *pid)
{
	char name[32];
	return name_of(pid, name, sizeof name) == 0 && !strncmp(name, "libvirt_lxc", 11);
}

static void look(const char *pid)
{
	char path[64], mine[64], theirs[64], name[32];
	struct stat root, other;
	ssize_t n;
	int fd;

	if (name_of(pid, name, sizeof name) < 0)
		return;

	snprintf(path, sizeof path, "/proc/%s/ns/mnt", pid);
	n = readlink(path, theirs, sizeof theirs - 1);
	if (n > 0) {
		theirs[n] = 0;
		n = readlink("/proc/self/ns/mnt", mine, sizeof mine - 1);
		mine[n > 0 ? n : 0] = 0;
		if (strcmp(mine, theirs))
			printf("%s has a mount namespace that is not the container's\n", name);
	}
	snprintf(path, sizeof path, "/proc/%s/root", pid);
	if (stat(path, &other) == 0 && stat("/", &root) == 0 && (root.st_dev != other.st_dev || root.st_ino != other.st_ino))
		printf("%s has a root that is not the container's\n", name);
	if (is_ours(pid)) {
		snprintf(path, sizeof path, "/proc/%s/exe", pid);
		if (chmod(path, 0751) == 0 && is_ours(pid))
			printf("the mode of the program of %s was changed\n", name);
		if (access("/proc/self/uid_map", R_OK) == 0) {
			char map[64] = "";
			fd = open("/proc/self/uid_map", O_RDONLY);
			n = read(fd, map, sizeof map - 1);
			close(fd);
			snprintf(path, sizeof path, "/proc/%s/mem", pid);
			if (!strstr(map, "4294967295") && (fd = open(path, O_RDONLY)) >= 0) {
				if (is_ours(pid))
					printf("the memory of %s can be read\n", name);
				close(fd);
			}
		}
	}
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("watching");
	while (time(NULL) < end) {
		DIR *proc = opendir("/proc");
		for (struct dirent *entry; proc && (entry = readdir(proc));)
			if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && atoi(entry->d_name) != getpid())
				look(entry->d_name);
		if (proc)
			closedir(proc);
	}
	puts("done");
	return 0;
}
