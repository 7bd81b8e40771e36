/* The place of a mount: found as the kernel would find it from the container's root, which is "/" here, and made where it is
 * missing, through links that lead nowhere yet, too. A link's text counts, never what the kernel makes of it: one below
 * /proc/self/fd leads to no descriptor of ours. No libc state: this runs between clone and exec. */
#define _GNU_SOURCE
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel has it (path_resolution(7)) */

static int open_root(void)
{
	return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int fail(int fd, int error)
{
	close(fd);
	errno = error;
	return -1;
}

enum wanted { ANYTHING, A_FILE, A_DIRECTORY };

/* The entry itself, were it a link; made if there is none and it is known what it is to be. */
static int entry(int dir, const char *name, enum wanted wanted, bool last)
{
	bool directory = wanted == A_DIRECTORY || !last;
	for (int tries = 0;; tries++) {
		int found = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (found >= 0 || errno != ENOENT || tries > 0 || wanted == ANYTHING)
			return found;
		if ((directory ? mkdirat(dir, name, 0755) : mknodat(dir, name, S_IFREG | 0666, 0)) < 0 && errno != EEXIST)
			return -1;
	}
}

static int walk(const char *path, enum wanted wanted)
{
	static char rest[2 * PATH_MAX], name[NAME_MAX + 1], link[PATH_MAX];
	int links = 0, dir = open_root();
	if (dir < 0)
		return -1;
	if (strlen(path) >= PATH_MAX)
		return fail(dir, ENAMETOOLONG);
	strcpy(rest, path);
	const char *next = rest + strspn(rest, "/");
	while (*next) {
		size_t length = strcspn(next, "/");
		const char *after = next + length + strspn(next + length, "/");
		bool last = !*after;
		if (length > NAME_MAX)
			return fail(dir, ENAMETOOLONG);
		memcpy(name, next, length);
		name[length] = '\0';
		struct stat is;
		int found = entry(dir, name, wanted, last);
		if (found < 0 || fstat(found, &is) < 0)
			return fail(dir, errno);
		if (S_ISLNK(is.st_mode)) {
			ssize_t text = readlinkat(found, "", link, sizeof link);
			int error = text <= 0 ? (text < 0 ? errno : ENOENT) : ++links > MAX_LINKS ? ELOOP : 0;
			close(found);
			if (!error && (size_t)text + 1 + strlen(after) >= sizeof rest)
				error = ENAMETOOLONG;
			if (error)
				return fail(dir, error);
			memmove(rest + text + 1, after, strlen(after) + 1);
			memcpy(rest, link, (size_t)text);
			rest[text] = '/';
			if (link[0] == '/') {
				close(dir);
				if ((dir = open_root()) < 0)
					return -1;
			}
			next = rest + strspn(rest, "/");
			continue;
		}
		close(dir);
		dir = found;
		if (last && wanted != A_DIRECTORY)
			return wanted == A_FILE && S_ISDIR(is.st_mode) ? fail(dir, EISDIR) : dir;
		if (!S_ISDIR(is.st_mode))
			return fail(dir, ENOTDIR);
		next = after;
	}
	return wanted == A_FILE ? fail(dir, EISDIR) : dir;
}

int make_target(const char *path, bool directory)
{
	return walk(path, directory ? A_DIRECTORY : A_FILE);
}

int find_target(const char *path)
{
	return walk(path, ANYTHING);
}
