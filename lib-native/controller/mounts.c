/* File systems that a running container is given, or that are taken from it. All paths are the container's, looked up in its
 * own mount namespace: whatever it makes of them leads to its own files, and a mount comes only to where it is at home. */
#define _GNU_SOURCE
#include "mounts.h"
#include "hold.h"
#include "target.h"

#include <errno.h>
#include <grp.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#define MANY 64 /* of one file system over the other at the same place */

/* Our /proc/self/fd, whatever is there in another mount namespace; its mount table and its root. */
static int own_descriptors, own_mounts, own_root;

static bool enter(struct entrance to)
{
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_descriptors = openat(self, "fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (own_descriptors < 0 || setns(to.namespaces, CLONE_NEWNS | (to.users ? CLONE_NEWUSER : 0)) < 0)
		return false;
	own_mounts = openat(self, "mountinfo", O_RDONLY | O_CLOEXEC); /* of the namespace that we are in when it is opened */
	own_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	umask(022);
	return own_mounts >= 0 && own_root >= 0 && (!to.users || (setgroups(0, NULL) == 0 && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0));
}

static int move(int mount, int place)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
	return syscall(SYS_move_mount, mount, "", place, "", flags) < 0 ? errno : 0;
}

static int place(int mount, const char *target)
{
	struct stat is;
	if (fstat(mount, &is) < 0)
		return errno;
	int at = make_target(target, S_ISDIR(is.st_mode));
	return at < 0 ? errno : move(mount, at);
}

int attach_mount(struct entrance to, int mount, const char *target)
{
	return enter(to) ? place(mount, target) : errno;
}

int bind_mount(struct entrance to, const char *source, const char *target, bool readonly)
{
	if (!enter(to))
		return errno;
	int from = find_target(source);
	int tree = from < 0 ? -1 : (int)syscall(SYS_open_tree, from, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	if (tree < 0 || (readonly && syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) < 0))
		return errno;
	return place(tree, target);
}

/* A mount that was given up while the kernel still kept it from its place: one that has been attached and taken off can never
 * be attached again. EINVAL: it is in its place already. */
int revoke_mount(int mount)
{
	struct stat is;
	if (fstat(mount, &is) < 0 || unshare(CLONE_NEWNS) < 0 || syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return errno;
	const char *some = S_ISDIR(is.st_mode) ? "/proc" : "/proc/version";
	int error = move(mount, open(some, O_PATH | O_CLOEXEC));
	return error ? error : umount2(some, MNT_DETACH) < 0 ? errno : 0;
}

/* -- taking one off -------------------------------------------------------------------------------------------------------- */

struct wanted {
	bool is_memory, is_known;
	struct stat of;
};

static bool is_mounted_on(int at)
{
	struct statx is;
	return statx(at, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_TYPE, &is) == 0 &&
	       is.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* A directory that was removed on the host is mounted still, and no longer to be found there. */
static bool is_wanted(int at, const struct wanted *wanted)
{
	struct statfs system;
	struct stat is;
	if (wanted->is_memory)
		return fstatfs(at, &system) == 0 && system.f_type == TMPFS_MAGIC;
	if (fstat(at, &is) < 0)
		return false;
	return !wanted->is_known || is.st_nlink == 0 || (is.st_dev == wanted->of.st_dev && is.st_ino == wanted->of.st_ino);
}

/* As the table has it: \040 is a blank. */
static void unescape(char *text)
{
	char *to = text;
	for (; *text; text++) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 3;
		} else
			*to++ = *text;
	}
	*to = '\0';
}

/* The container may have moved it to another place. What it waits for itself (FUSE) is not touched, unless it may be the one. */
static bool is_elsewhere(const struct wanted *wanted)
{
	FILE *table = fdopen(own_mounts, "r");
	char *line = NULL;
	size_t size = 0;
	bool found = false;
	while (table && !found && getline(&line, &size, table) > 0) {
		unsigned major, minor;
		int start, end;
		if (sscanf(line, "%*s %*s %u:%u %*s %n%*s%n", &major, &minor, &start, &end) != 2)
			continue;
		bool foreign = makedev(major, minor) != wanted->of.st_dev && strstr(line + end, " - fuse");
		line[end] = '\0';
		unescape(line + start);
		int at = foreign ? -1 : hold(own_root, line + start, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
		struct stat is;
		found = at >= 0 && fstat(at, &is) == 0 && is.st_dev == wanted->of.st_dev && is.st_ino == wanted->of.st_ino;
		if (at >= 0)
			close(at);
	}
	free(line);
	return found;
}

/* What lies on top at the place that is held, were it a file. */
static int take_off(int at)
{
	char number[16];
	snprintf(number, sizeof number, "%d", at);
	return fchdir(own_descriptors) < 0 || umount2(number, MNT_DETACH) < 0 ? errno : 0;
}

/* EBUSY: something else is mounted there; EXDEV: it is somewhere else. Done if it is mounted nowhere: the container may have
 * taken it off itself. `source`: what it is a copy of, -1 where that is gone; or `bound`, a path of the container's. A `twin`
 * may be found elsewhere: another file system of the domain shows the same. */
int detach_mount(struct entrance from, const char *target, const char *kind, int source, const char *bound)
{
	struct wanted wanted = { .is_memory = !strcmp(kind, "ram") };
	wanted.is_known = source >= 0 && fstat(source, &wanted.of) == 0;
	if (!enter(from))
		return errno;
	bool looks_elsewhere = wanted.is_known && strcmp(kind, "twin");
	if (bound) {
		int held = find_target(bound);
		wanted.is_known = held >= 0 && fstat(held, &wanted.of) == 0;
	}
	for (int taken = 0; taken < MANY; taken++) {
		int at = find_target(target);
		if (at < 0 && errno != ENOENT && errno != ENOTDIR)
			return errno;
		bool is_mount = at >= 0 && is_mounted_on(at), is_it = is_mount && is_wanted(at, &wanted);
		if (taken && !is_it)
			return 0;
		if (is_mount && !is_it)
			return EBUSY;
		if (!is_it)
			return looks_elsewhere && is_elsewhere(&wanted) ? EXDEV : 0;
		int error = take_off(at);
		close(at);
		if (error)
			return error;
		if (wanted.is_memory)
			return 0;
	}
	return EBUSY;
}
