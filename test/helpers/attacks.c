/* What a hostile root of a container tries. Each attack stops where it is seen to work: a file that would change the host is
 * opened and not written, a call is made with arguments that do nothing. Writes a line for each: its name, and "through" or why
 * not. argv[1]: a file of the host's that no container has; argv[2]: the pid of a process of the host's. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/keyctl.h>
#include <linux/nsfs.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *marker;
static pid_t outside;

/* 0 for through. Refused by right is whatever the call answers to one who has none. */
static int done(long result)
{
	return result < 0 ? errno : 0;
}

/* Let through, and then found to be wrong: that is through. */
static int passed(long result)
{
	return result < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS) ? errno : 0;
}

static int open_to_write(const char *path)
{
	return done(open(path, O_WRONLY));
}

static int reads_something(const char *path)
{
	char c;
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return errno;
	ssize_t n = read(fd, &c, 1);
	return n < 0 ? errno : n == 0 ? ENODATA : 0;
}

static int lists_something(const char *path)
{
	DIR *d = opendir(path);
	if (!d)
		return errno;
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			return 0;
	return ENODATA;
}

static int mounted(const char *type, const char *options)
{
	return done(mount(type, "/mnt", type, 0, options));
}

/* --- the kernel itself */
static int kexec(void)
{
	return passed(syscall(SYS_kexec_load, 0, 0, 0, 0));
}
static int kexec_file(void)
{
#ifdef SYS_kexec_file_load
	return passed(syscall(SYS_kexec_file_load, -1, -1, 0, NULL, 0));
#else
	return ENOSYS;
#endif
}
static int module(void)
{
	return passed(syscall(SYS_init_module, "x", 1, ""));
}
static int module_file(void)
{
	return passed(syscall(SYS_finit_module, open("/bin/busybox", O_RDONLY), "", 0));
}
static int module_unload(void)
{
	return passed(syscall(SYS_delete_module, "no_such_module", O_NONBLOCK));
}
static int bpf_map(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };
	return done(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr));
}
static int bpf_program(void)
{
	struct bpf_insn code[] = { { .code = 0xb7 }, { .code = 0x95 } };
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_KPROBE, .insns = (__u64)(unsigned long)code, .insn_cnt = 2 };
	attr.license = (__u64)(unsigned long)"GPL";
	return done(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr));
}
static int perf(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_CPU_CLOCK };
	return done(syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0));
}
static int userfault(void)
{
	return done(syscall(SYS_userfaultfd, 0));
}
static int io_uring(void)
{
	char params[120] = { 0 };
	return done(syscall(SYS_io_uring_setup, 1, params));
}
static int port_level(void)
{
#ifdef SYS_iopl
	return done(syscall(SYS_iopl, 3));
#else
	return ENOSYS;
#endif
}
static int port(void)
{
#ifdef SYS_ioperm
	return done(syscall(SYS_ioperm, 0x80, 1, 1));
#else
	return ENOSYS;
#endif
}
static int swap(void)
{
	return passed(syscall(SYS_swapon, "/no/such/file", 0));
}
static int accounting(void)
{
	return passed(syscall(SYS_acct, "/no/such/file"));
}
static int quota(void)
{
	return passed(syscall(SYS_quotactl, 0x80000100 /* Q_SYNC */, NULL, 0, NULL));
}
static int the_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return done(clock_settime(CLOCK_REALTIME, &now));
}
static int kernel_log(void)
{
	char text[64];
	return done(syscall(SYS_syslog, 3, text, sizeof text));
}
static int kernel_memory(void)
{
	return reads_something("/proc/kcore");
}

/* --- files of the host's */
static int handle(void)
{
	struct {
		struct file_handle header;
		unsigned char bytes[128];
	} h = { .header.handle_bytes = 128 };
	int mount_id, root = open("/", O_RDONLY);
	if (name_to_handle_at(AT_FDCWD, "/", &h.header, &mount_id, 0) < 0)
		return errno;
	return done(open_by_handle_at(root, &h.header, O_RDONLY));
}
static int above_root(void)
{
	struct stat root, above;
	if (stat("/", &root) < 0 || stat("/proc/1/root/../../..", &above) < 0)
		return errno;
	return root.st_ino == above.st_ino && root.st_dev == above.st_dev ? EXDEV : 0;
}
static int chroot_out(void)
{
	if (mkdir("/tmp/jail", 0700) < 0 && errno != EEXIST)
		return errno;
	if (chroot("/tmp/jail") < 0)
		return errno;
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return errno;
	if (chroot(".") < 0)
		return errno;
	return done(access(marker, F_OK));
}
static int working_directory(void)
{
	char path[64];
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof path, "/proc/1/fd/%d/../../../../../../..", fd);
		if (chdir(path) == 0 && access(marker + 1, F_OK) == 0)
			return 0;
	}
	return ENOENT;
}
static int disk_node(void)
{
	unlink("/tmp/disk");
	for (int major = 8; major < 260; major += major == 8 ? 245 : 1)
		if (mknod("/tmp/disk", S_IFBLK | 0600, makedev(major, 0)) == 0)
			return done(open("/tmp/disk", O_RDONLY));
	return errno;
}
static int memory_node(void)
{
	unlink("/tmp/mem");
	if (mknod("/tmp/mem", S_IFCHR | 0600, makedev(1, 1)) < 0)
		return errno;
	return done(open("/tmp/mem", O_RDWR));
}
static int firmware(void)
{
	return lists_something("/sys/firmware");
}
static int timers(void)
{
	return reads_something("/proc/timer_list");
}
static int page_flags(void)
{
	return reads_something("/proc/kpageflags");
}
static int keys_listed(void)
{
	return reads_something("/proc/keys");
}

/* --- settings of the host's */
static int sysrq(void)
{
	return open_to_write("/proc/sysrq-trigger");
}
static int core_pattern(void)
{
	return open_to_write("/proc/sys/kernel/core_pattern");
}
static int interrupts(void)
{
	return open_to_write("/proc/irq/default_smp_affinity");
}
static int uevent_helper(void)
{
	return open_to_write("/sys/kernel/uevent_helper");
}
static int core_pattern_remounted(void)
{
	if (mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL) < 0)
		return errno;
	return core_pattern();
}
static int sysrq_uncovered(void)
{
	umount2("/proc/sysrq-trigger", MNT_DETACH);
	if (mount("proc", "/mnt", "proc", 0, NULL) < 0)
		return errno;
	return open_to_write("/mnt/sysrq-trigger");
}
static int uevent_helper_remounted(void)
{
	return mounted("sysfs", NULL) ? errno : open_to_write("/mnt/kernel/uevent_helper");
}
static int binary_formats(void)
{
	return mounted("binfmt_misc", NULL) ? errno : open_to_write("/mnt/register");
}
static int kernel_debugging(void)
{
	return mounted("debugfs", NULL) ? errno : lists_something("/mnt");
}
static int release_agent(void)
{
	if (mounted("cgroup", "memory") && mounted("cgroup", "rdma") && mounted("cgroup", "pids"))
		return errno;
	return open_to_write("/mnt/release_agent");
}
static int devices_allowed(void)
{
	if (mounted("cgroup", "devices"))
		return errno;
	return open_to_write("/mnt/devices.allow");
}

/* --- processes and namespaces of the host's */
static int trace(void)
{
	return done(ptrace(PTRACE_SEIZE, outside, 0, 0));
}
static int send_signal(void)
{
	return done(kill(outside, 0));
}
static int enter(void)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", outside);
	int fd = open(path, O_RDONLY);
	return fd < 0 ? errno : done(setns(fd, 0));
}
static int parent_namespace(void)
{
	int own = open("/proc/self/ns/pid", O_RDONLY);
	return own < 0 ? errno : done(ioctl(own, NS_GET_PARENT));
}
static int memory_of_init(void)
{
	char byte;
	unsigned long start = 0;
	FILE *maps = fopen("/proc/1/maps", "r");
	if (!maps || fscanf(maps, "%lx", &start) != 1)
		return errno ? errno : EACCES;
	struct iovec here = { &byte, 1 }, there = { (void *)start, 1 };
	return done(process_vm_readv(1, &here, 1, &there, 1, 0));
}
static int new_users(void)
{
	return done(unshare(CLONE_NEWUSER));
}
static int new_users_by_clone3(void)
{
	struct {
		unsigned long long flags, pidfd, child, parent, signal, stack, size, tls, tid, tids, cgroup;
	} args = { .flags = CLONE_NEWUSER, .signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0)
		_exit(0);
	return done(pid);
}
static int mounting(void)
{
	return mounted("tmpfs", NULL) ? errno : 0;
}
static int mounting_anew(void)
{
	return done(syscall(SYS_fsopen, "tmpfs", 0));
}
static int priority(void)
{
	return done(syscall(SYS_setpriority, 0, 0, -20));
}
static int packets(void)
{
	return done(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
}

/* --- what is shared with whoever looks in */
static int keyring(void)
{
	long key = syscall(SYS_add_key, "user", "virsh-lxc-attack", "x", 1, KEY_SPEC_USER_KEYRING);
	if (key < 0)
		return errno;
	syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
	return 0;
}
static int typing(void)
{
	char letter = 'x';
	setsid();
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave, unlock = 0;
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return errno;
	return done(ioctl(slave, TIOCSTI, &letter));
}

static const struct {
	const char *name;
	int (*attack)(void);
} attacks[] = {
	{ "kexec", kexec }, { "kexec-file", kexec_file }, { "module", module }, { "module-file", module_file },
	{ "module-unload", module_unload }, { "bpf-map", bpf_map }, { "bpf-program", bpf_program }, { "perf", perf },
	{ "userfault", userfault }, { "io-uring", io_uring }, { "port-level", port_level }, { "port", port }, { "swap", swap },
	{ "accounting", accounting }, { "quota", quota }, { "clock", the_clock }, { "kernel-log", kernel_log },
	{ "kernel-memory", kernel_memory }, { "handle", handle }, { "above-root", above_root }, { "chroot", chroot_out },
	{ "working-directory", working_directory }, { "disk-node", disk_node }, { "memory-node", memory_node },
	{ "firmware", firmware }, { "timers", timers }, { "page-flags", page_flags }, { "keys-listed", keys_listed },
	{ "sysrq", sysrq }, { "core-pattern", core_pattern }, { "interrupts", interrupts }, { "uevent-helper", uevent_helper },
	{ "core-pattern-remounted", core_pattern_remounted }, { "sysrq-uncovered", sysrq_uncovered },
	{ "uevent-helper-remounted", uevent_helper_remounted }, { "binary-formats", binary_formats },
	{ "kernel-debugging", kernel_debugging }, { "release-agent", release_agent }, { "devices-allowed", devices_allowed },
	{ "trace", trace }, { "signal", send_signal }, { "enter", enter }, { "parent-namespace", parent_namespace },
	{ "memory-of-init", memory_of_init }, { "new-users", new_users }, { "new-users-clone3", new_users_by_clone3 },
	{ "mount", mounting }, { "mount-anew", mounting_anew }, { "priority", priority }, { "packets", packets },
	{ "keyring", keyring }, { "typing", typing },
};

int main(int argc, char **argv)
{
	marker = argc > 1 ? argv[1] : "/no/such/file";
	outside = argc > 2 ? atoi(argv[2]) : 0;
	for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0) {
			/* What one mounts is not the next one's. */
			if (unshare(CLONE_NEWNS) == 0)
				mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
			errno = 0;
			_exit(attacks[i].attack());
		}
		int status;
		waitpid(pid, &status, 0);
		const char *how = !WIFEXITED(status) ? "killed" : WEXITSTATUS(status) == 0 ? "through" : strerror(WEXITSTATUS(status));
		printf("%s: %s\n", attacks[i].name, how);
	}
	return 0;
}
