/* File systems that a running container is given, or that are taken from it. All paths are the container's, looked up in its
 * own mount namespace: whatever it makes of them leads to its own files, and a mount comes only to where it is at home. */
#define _GNU_SOURCE
#include "mounts.h"
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Our /proc/self/fd, whatever is there in another mount namespace, and the mount table of that. */
static int own_descriptors, own_mounts;

static bool enter(struct entrance to)
{
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_descriptors = openat(self, "fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (own_descriptors < 0 || setns(to.namespaces, CLONE_NEWNS | (to.users ? CLONE_NEWUSER : 0)) < 0)
		return false;
	own_mounts = openat(self, "mountinfo", O_RDONLY | O_CLOEXEC); /* of the namespace that we are in when it is opened */
	umask(022);
	return own_mounts >= 0 && (!to.users || (setgroups(0, NULL) == 0 && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0));
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
	struct statx is;
	if (statx(tree, "", AT_EMPTY_PATH, STATX_MNT_ID, &is) < 0)
		return errno;
	dprintf(STDOUT_FILENO, "%llu\n", (unsigned long long)is.stx_mnt_id);
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

/* It is known by the number that the kernel gave it; one that was bound by a start, whose number nobody knows, by what it shows. */
struct wanted {
	uint64_t id;
	bool is_numbered, is_known;
	struct stat of;
};

/* A directory that was removed is mounted still, and no longer to be found. */
static bool is_wanted(int at, const struct statx *is, const struct wanted *wanted)
{
	struct stat shown;
	if (wanted->is_numbered)
		return is->stx_mnt_id == wanted->id;
	if (!wanted->is_known || fstat(at, &shown) < 0)
		return !wanted->is_known;
	return shown.st_nlink == 0 || (shown.st_dev == wanted->of.st_dev && shown.st_ino == wanted->of.st_ino);
}

/* Covered, or moved to another place. */
static bool is_mounted(uint64_t id)
{
	FILE *table = fdopen(own_mounts, "r");
	char *line = NULL;
	size_t size = 0;
	bool found = false;
	while (table && !found && getline(&line, &size, table) > 0)
		found = strtoull(line, NULL, 10) == id;
	free(line);
	return found;
}

/* What lies on top at the place that is held, were it a file. It is taken off once it is said: what is still to be written of it
 * is written as the last hold on it is let go, by our end. */
static int take_off(int at)
{
	char number[16];
	snprintf(number, sizeof number, "%d", at);
	if (fchdir(own_descriptors) < 0 || umount2(number, MNT_DETACH) < 0)
		return errno;
	dprintf(STDOUT_FILENO, "off\n");
	return 0;
}

/* EBUSY: it is there, but not to be got at. Done if it is not: the container may have taken it off itself. */
static int detach(const char *target, const struct wanted *wanted)
{
	struct statx is = { 0 };
	int at = find_target(target);
	if (at < 0 && errno != ENOENT && errno != ENOTDIR)
		return errno;
	bool on_top = at >= 0 && statx(at, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_MNT_ID, &is) == 0 &&
		      is.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	if (on_top && is_wanted(at, &is, wanted))
		return take_off(at);
	return (wanted->is_numbered ? is_mounted(wanted->id) : on_top) ? EBUSY : 0;
}

int detach_mount(struct entrance from, const char *target, uint64_t id)
{
	struct wanted wanted = { .is_numbered = true, .id = id };
	return enter(from) ? detach(target, &wanted) : errno;
}

int detach_bound(struct entrance from, const char *target, const char *source)
{
	if (!enter(from))
		return errno;
	int held = find_target(source);
	struct wanted wanted = { 0 };
	wanted.is_known = held >= 0 && fstat(held, &wanted.of) == 0;
	return detach(target, &wanted);
}
