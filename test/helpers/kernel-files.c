/* Which of the kernel's own files open for writing, or give a reader what is not for all. Nothing is written. Writes a line for each:
 * "write" or "read", and its path. What is of one process (/proc/PID) is left out. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void look(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0) {
		printf("write %s\n", path);
		close(fd);
	}
	if (mode & S_IROTH)
		return;
	char byte;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	if (read(fd, &byte, 1) == 1)
		printf("read %s\n", path);
	close(fd);
}

static void walk(const char *directory)
{
	DIR *d = opendir(directory);
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		char path[PATH_MAX];
		struct stat st;
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (!strcmp(directory, "/proc") && isdigit((unsigned char)e->d_name[0]))
			continue;
		if (snprintf(path, sizeof path, "%s/%s", directory, e->d_name) >= (int)sizeof path || lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			walk(path);
		else if (S_ISREG(st.st_mode))
			look(path, st.st_mode);
	}
	closedir(d);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		walk(argv[i]);
	return 0;
}
