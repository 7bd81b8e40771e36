/* Errands in files that a container made, or may have made hang: a FUSE server that never answers keeps whoever asks for a
 * file below it in the kernel, where no signal ends that. So virsh-lxc never looks there itself: it sends this program, whose
 * end it need not wait for.
 *
 *   libvirt_lxc --errand ask PIDFD ROOT BYTES PATH...
 *       writes BYTES bytes of standard input into the first of these pipes below ROOT that somebody reads and that has room,
 *       if the process behind PIDFD, whose root it is, still lives
 *   libvirt_lxc --errand read DIRFD PATH
 *       writes a file below DIRFD to standard output
 *   libvirt_lxc --errand read-in FD PATH
 *       the same of a file below the root of the mount namespace FD
 *   libvirt_lxc --errand mounts FILE
 *       writes the mount table of the mount namespace that FILE is to standard output
 *   libvirt_lxc --errand make-node DIRFD PATH b|c MODE MAJOR MINOR UID GID
 *   libvirt_lxc --errand remove-node DIRFD PATH b|c|- MAJOR MINOR
 *       a device node below DIRFD, which leads through no link and no mount; one that is another is left alone
 *   libvirt_lxc --errand mount FD mounts MOUNTFD TARGET
 *       attaches a mount at a place of the mount namespace FD; `users` instead of `mounts` with all words like these: FD is a
 *       pidfd, of a process in a mount namespace and the user namespace that it belongs to
 *   libvirt_lxc --errand bind FD mounts SOURCE TARGET ro|rw
 *       the same of a copy of what is mounted at SOURCE there; writes its number to standard output
 *   libvirt_lxc --errand unmount FD mounts TARGET id NUMBER
 *   libvirt_lxc --errand unmount FD mounts TARGET bind SOURCE
 *       takes it off again: the mount of that number, or what shows the same as SOURCE there; see mounts.c. Says so, and ends
 *       when all is written
 *   libvirt_lxc --errand revoke MOUNTFD
 *       a mount that has not come to its place by now never does
 *
 * What lies at a path is looked at before it is opened: opening a device node is an action of its own. */
#define _GNU_SOURCE
#include "errand.h"
#include "mounts.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FILE_LIMIT (4 << 20)
#define MESSAGE_LIMIT 4096

static int descriptors; /* our /proc/self/fd, whatever is there in another mount namespace */

/* A hold on what is at `path`, which does nothing to it. */
static int hold(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | flags, .resolve = resolve };
	return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

/* Opens what is held already. */
static int open_held(int fd, int flags)
{
	char path[16];
	snprintf(path, sizeof path, "%d", fd);
	return openat(descriptors, path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* A container on the host's own root sees the host's pipe at the same path: that one is not its init's. */
static bool is_hosts(const char *path, const struct stat *found)
{
	struct stat hosts;
	int root = open("/", O_PATH | O_CLOEXEC);
	return fstatat(root, path, &hosts, 0) == 0 && hosts.st_dev == found->st_dev && hosts.st_ino == found->st_ino;
}

static bool write_pipe(int root, const char *path, const char *message, size_t size)
{
	struct stat found;
	int held = hold(root, path, 0, RESOLVE_IN_ROOT);
	if (held < 0 || fstat(held, &found) < 0 || !S_ISFIFO(found.st_mode) || is_hosts(path, &found))
		return false;
	int pipe = open_held(held, O_WRONLY);
	return pipe >= 0 && write(pipe, message, size) == (ssize_t)size; /* at most PIPE_BUF bytes: all or nothing */
}

static int ask(int pidfd, const char *root_path, size_t size, int paths, char **path)
{
	static char message[MESSAGE_LIMIT];
	if (size > sizeof message || read(STDIN_FILENO, message, size) != (ssize_t)size)
		return EINVAL;
	int root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return errno;
	if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
		return ESRCH; /* its number, and so the root, may be another process's by now */
	for (int i = 0; i < paths; i++)
		if (write_pipe(root, path[i], message, size))
			return 0;
	return ENOENT;
}

static int show(int file)
{
	static char bytes[65536];
	for (size_t left = FILE_LIMIT; left > 0;) {
		ssize_t n = read(file, bytes, left < sizeof bytes ? left : sizeof bytes);
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		for (ssize_t at = 0, written; at < n; at += written)
			if ((written = write(STDOUT_FILENO, bytes + at, (size_t)(n - at))) < 0)
				return errno;
		left -= (size_t)n;
	}
	return 0;
}

static int read_file(int dir, const char *path)
{
	struct stat found;
	int held = hold(dir, path, 0, RESOLVE_IN_ROOT);
	if (held < 0 || fstat(held, &found) < 0)
		return errno;
	if (!S_ISREG(found.st_mode))
		return EINVAL;
	int file = open_held(held, O_RDONLY);
	return file < 0 ? errno : show(file);
}

/* The namespace's own root: that of a process in it is where the process likes. */
static int read_file_in(int namespace, const char *path)
{
	if (setns(namespace, CLONE_NEWNS) < 0)
		return errno;
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? errno : read_file(root, path);
}

static int show_mounts(const char *path)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int namespace = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (proc < 0 || namespace < 0 || setns(namespace, CLONE_NEWNS) < 0)
		return errno;
	int table = openat(proc, "self/mountinfo", O_RDONLY | O_CLOEXEC); /* as it is called after setns(): of this namespace */
	return table < 0 ? errno : show(table);
}

#define OWN_TREE (RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS)

/* The directory that `path` is in, made where it is not there; *name becomes the last part. -1: errno says why. */
static int parent_of(int dir, char *path, bool makes, char **name)
{
	for (char *slash; (slash = strchr(path, '/')); path = slash + 1) {
		*slash = 0;
		if (makes && mkdirat(dir, path, 0755) < 0 && errno != EEXIST)
			return -1;
		dir = hold(dir, path, O_DIRECTORY | O_NOFOLLOW, OWN_TREE);
		if (dir < 0)
			return -1;
	}
	*name = path;
	return dir;
}

/* Also of a node whose number nobody knows any more (kind '-'). */
static bool is_node(int fd, char kind, dev_t number)
{
	struct stat found;
	if (fstat(fd, &found) < 0 || !(S_ISBLK(found.st_mode) || S_ISCHR(found.st_mode)))
		return false;
	return kind == '-' || (!!S_ISBLK(found.st_mode) == (kind == 'b') && found.st_rdev == number);
}

struct node {
	char kind;
	mode_t mode;
	dev_t number;
	uid_t uid;
	gid_t gid;
};

static int make_node(int dir, char *path, const struct node *node)
{
	char *name;
	umask(0);
	if ((dir = parent_of(dir, path, true, &name)) < 0)
		return errno;
	if (mknodat(dir, name, (node->kind == 'b' ? S_IFBLK : S_IFCHR) | node->mode, node->number) < 0)
		return errno;
	/* The container may have put something else there by now. */
	int made = hold(dir, name, O_NOFOLLOW, OWN_TREE);
	if (made < 0)
		return errno;
	if (!is_node(made, node->kind, node->number))
		return EEXIST;
	return fchownat(made, "", node->uid, node->gid, AT_EMPTY_PATH) < 0 ? errno : 0;
}

static int remove_node(int dir, char *path, const struct node *node)
{
	char *name;
	if ((dir = parent_of(dir, path, false, &name)) < 0)
		return errno == ENOENT ? 0 : errno;
	int held = hold(dir, name, O_NOFOLLOW, OWN_TREE);
	if (held < 0)
		return errno == ENOENT ? 0 : errno;
	if (!is_node(held, node->kind, node->number))
		return 0;
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? errno : 0;
}

static unsigned number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (end == text || *end || value > 0xffffffffu)
		exit(EINVAL);
	return (unsigned)value;
}

/* Which namespaces first, then what is peculiar to each. */
static int change_mounts(const char *what, int words, char **word)
{
	struct entrance to = { .namespaces = (int)number(word[0]), .users = !strcmp(word[1], "users") };
	if (words == 4 && !strcmp(what, "mount"))
		return attach_mount(to, (int)number(word[2]), word[3]);
	if (words == 5 && !strcmp(what, "bind"))
		return bind_mount(to, word[2], word[3], !strcmp(word[4], "ro"));
	if (words != 5 || strcmp(what, "unmount"))
		return EINVAL;
	return strcmp(word[3], "bind") ? detach_mount(to, word[2], number(word[4])) : detach_bound(to, word[2], word[4]);
}

int errand(int words, char **word)
{
	const char *what = words > 0 ? word[0] : "";
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, ON_ERRAND);
	/* An errand needs no more than two descriptors beside the standard ones; others are the caller's, and one that hangs would keep them open. */
	close_range(5, ~0u, 0);
	if (chdir("/") < 0 || (descriptors = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return errno;
	if (words > 4 && !strcmp(what, "ask"))
		return ask((int)number(word[1]), word[2], number(word[3]), words - 4, word + 4);
	if (words == 3 && !strcmp(what, "read"))
		return read_file((int)number(word[1]), word[2]);
	if (words == 3 && !strcmp(what, "read-in"))
		return read_file_in((int)number(word[1]), word[2]);
	if (words == 2 && !strcmp(what, "mounts"))
		return show_mounts(word[1]);
	if (words == 2 && !strcmp(what, "revoke"))
		return revoke_mount((int)number(word[1]));
	if (words >= 5 && (!strcmp(what, "mount") || !strcmp(what, "bind") || !strcmp(what, "unmount")))
		return change_mounts(what, words - 1, word + 1);
	bool makes = words == 9 && !strcmp(what, "make-node");
	if (!makes && (words != 6 || strcmp(what, "remove-node")))
		return EINVAL;
	int at = makes ? 5 : 4;
	struct node node = { .kind = word[3][0], .number = makedev(number(word[at]), number(word[at + 1])) };
	if (!makes)
		return remove_node((int)number(word[1]), word[2], &node);
	node.mode = (mode_t)number(word[4]);
	node.uid = (uid_t)number(word[7]);
	node.gid = (gid_t)number(word[8]);
	return make_node((int)number(word[1]), word[2], &node);
}
