/* libvirt_lxc: one per running container. Runs the plan in a new process, reports how that went, then keeps the consoles
 * and its files of /proc (view.h) going until the container's init ends, and makes way for virsh-lxc's on-exit.
 *
 *   virsh-lxc                          libvirt_lxc                         child
 *   ---------                          -----------                         -----
 *   spawn, --control FD ------------->
 *   size (4 bytes), plan ------------>  parent steps
 *                                       clone3 ------------------------->  steps ...
 *   <----------- CLONED pid             poll
 *   'P' (starts paused: no READY) --->
 *   'G' ----------------------------->  a byte on the go pipe -----------> a barrier step's read() returns
 *                                       end of file on the error pipe <--- execve succeeded
 *   <----------- READY                                                     (or a struct failure, then _exit)
 *   close
 *
 * FAILED step,errno comes instead of READY (a parent's step as -1-step; CLONE_FAILED and NOT_READY are no steps). If virsh-lxc goes away before READY, the
 * child is killed and on-exit gets the status -1. Who takes the domain's lock sees by the process's name how far it is:
 * only one called libvirt_lxc has a container that was started and has not ended.
 *
 * With --autodestroy the control socket stays open, and init is killed when its other side is closed. On-exit inherits it as
 * OWNER_FD, and hands it on to the controller of the next run as --owner.
 *
 * SIGTERM kills init; signal 41 says that no on-exit is wanted, 42 that it is again; signal 40 with a
 * value (console << 16 | descriptor, 0xffff to withdraw) offers a descriptor of the sender's for output, with 0xfffe it tells
 * that the host's pty has another window size. Signal 41 with a value names a socket of the sender's, who sees to what follows: init's wait status is sent there, or STILL_RUNNING after a 42.
 * With --enter there are no consoles: EXITED status,pid follows READY, and that is all. The child of such a plan makes the
 * process that executes the command (a brother of its own, so that we are who waits for it) and ends: FORKED pid on the error
 * pipe. Interrupts and the like are passed on to the command, which has a session of its own. With --autodestroy that is hung up
 * when the control socket is closed, as when a terminal goes.
 *
 * No process of this program can be looked into by what has no rights on the host (PR_SET_DUMPABLE), from its first instruction
 * until the child executes something else. */
#define _GNU_SOURCE
#include "console.h"
#include "descriptor.h"
#include "errand.h"
#include "fuse.h"
#include "ordinary.h"
#include "plan.h"
#include "protocol.h"
#include "steps.h"
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STARTED_MS 1000 /* a busy machine lets others wait for that long */
#define OPTIONS "+n:C:c:l:r:f:p:s:o:aeh"

_Static_assert(sizeof(struct message) == MESSAGE_BYTES, "a message has no padding");

static const char *program_name = "libvirt_lxc";
static int control = -1;
static int init_pidfd = -1;
static pid_t init_pid;
static int go_write = -1, error_read = -1;
static bool running;    /* the program was executed */
static bool owner_gone;  /* its end was asked for: the container is destroyed */
static bool autodestroy; /* the container ends with the other side of the control socket */
static int owner = -1;   /* ... or, where it was started again, with the other side of this: it was an earlier run's */
static bool stand_down; /* whoever stops the container clears up too: no on-exit */
static int report = -1;  /* ... and hears here how init ended */
static bool enter;       /* runs a command in a container that runs already */
static unsigned plan_first = 3, plan_last = 2; /* descriptors that only the child uses */
static char **on_exit_command;
static int on_exit_words;
static const char *successor; /* is executed where the program of on-exit is gone: a newer one of another place */

static void tell(enum message_kind kind, int a, int b)
{
	struct message m = { kind, a, b };
	if (control >= 0 && send(control, &m, sizeof m, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		dprintf(STDERR_FILENO, "%s: control socket: %s\n", program_name, strerror(errno));
}

_Noreturn static void die(const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s: %s\n", program_name, what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* Whoever the container ends with is the next run's owner, too. */
static int hand_on(int fd)
{
	if (fd != OWNER_FD)
		return dup2(fd, OWNER_FD) == OWNER_FD ? 0 : -1;
	return fcntl(fd, F_SETFD, 0);
}

/* Becomes on-exit: virsh-lxc once more, which decides what init's end means. */
_Noreturn static void become_on_exit(int status)
{
	static char text[16];
	if (!on_exit_words)
		exit(EXIT_SUCCESS);
	char *argv[on_exit_words + 3];
	int words = on_exit_words;
	int owned_by = owner >= 0 ? owner : autodestroy ? control : -1;
	sigset_t none;
	memcpy(argv, on_exit_command, (size_t)words * sizeof *argv);
	if (status >= 0 && owned_by >= 0 && hand_on(owned_by) == 0)
		argv[words++] = OWNER_WORD;
	else
		close(OWNER_FD);
	snprintf(text, sizeof text, "%d", status);
	argv[words] = text;
	argv[words + 1] = NULL;
	sigemptyset(&none);
	close_range(OWNER_FD + 1, ~0u, 0);
	/* Who talked to the controller may not have heard yet that it is no more: a visitor withdraws when the console closes. */
	for (int ours = OFFER_SIGNAL; ours <= STAND_UP_SIGNAL; ours++)
		signal(ours, SIG_IGN);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(argv[0], argv);
	if (errno == ENOENT && successor)
		execv(successor, argv);
	die(argv[0]);
}

static void in_service(void)
{
	running = true;
	prctl(PR_SET_NAME, IN_SERVICE);
}

static void receive_plan(struct plan *plan)
{
	uint32_t size;
	if (!plan_read(control, &size, sizeof size))
		become_on_exit(ABANDONED); /* virsh-lxc went away before it had a plan */
	if (size > PLAN_MAX_BYTES)
		exit(EXIT_FAILURE);
	void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		die("plan");
	if (!plan_read(control, bytes, size))
		become_on_exit(ABANDONED);
	if (plan_open(plan, bytes, size) < 0) {
		errno = EBADMSG;
		die("plan");
	}
}

static void launch(const struct plan *plan)
{
	struct failure failure;
	if (plan_run_parent(plan, &failure) < 0) {
		tell(FAILED, failure.step, failure.error);
		exit(EXIT_FAILURE);
	}
	int go[2], error[2];
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0)
		die("pipe");
	struct clone_args args = {
		.flags = plan->header->clone_flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&init_pidfd,
		.exit_signal = SIGCHLD,
	};
	int cgroup = plan_cgroup(plan);
	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	long pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid < 0) {
		tell(FAILED, CLONE_FAILED, errno);
		exit(EXIT_FAILURE);
	}
	if (pid == 0)
		plan_run_child(plan, go[0], error[1], plan_first, plan_last);
	init_pid = (pid_t)pid;
	/* The child has what it needs: nothing of the container's may stay busy, or open, because of us. */
	if (plan_first <= plan_last)
		close_range(plan_first, plan_last, 0);
	if (cgroup >= 0)
		close(cgroup);
	close(go[0]);
	close(error[1]);
	go_write = go[1];
	error_read = error[0];
	tell(CLONED, init_pid, 0);
}

/* The child has made way for the process that executes the command. */
static void follow(pid_t pid)
{
	int status, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return; /* cannot be: we have not waited for it */
	waitpid(init_pid, &status, 0);
	close(init_pidfd);
	init_pid = pid;
	init_pidfd = pidfd;
}

/* The child executed its program, or failed to. */
static void started(void)
{
	struct failure failure;
	ssize_t n = read(error_read, &failure, sizeof failure);
	bool failed = n == sizeof failure;
	if (failed && failure.step == FORKED) {
		follow((pid_t)failure.error);
		return;
	}
	if (failed && !(failure.step & FAILED_LATE))
		tell(FAILED, failure.step, failure.error);
	else {
		if (failed)
			dprintf(STDERR_FILENO, "%s: init could not be started, step %d of the plan: %s\n", program_name,
				(int)(failure.step & ~FAILED_LATE), strerror(failure.error));
		in_service();
		tell(READY, 0, 0);
	}
	close(error_read);
	close(go_write);
	error_read = go_write = -1;
}

static void on_control(void)
{
	char order;
	ssize_t n = read(control, &order, 1);
	if (n == 1 && order == ORDER_GO && go_write >= 0) {
		if (write(go_write, &order, 1) < 0)
			syscall(SYS_pidfd_send_signal, init_pidfd, SIGKILL, NULL, 0);
	} else if (n == 1 && order == ORDER_PAUSED) {
		in_service(); /* starts paused: nobody waits for READY */
	} else if (n == 0 || (n < 0 && errno != EINTR)) {
		bool abandoned = error_read >= 0 && !running; /* nobody is left to tell: it must not start */
		bool orphaned = autodestroy && running;
		owner_gone |= orphaned;
		if (orphaned && enter)
			kill(-init_pid, SIGHUP);
		else if (abandoned || orphaned)
			syscall(SYS_pidfd_send_signal, init_pidfd, SIGKILL, NULL, 0);
		if (abandoned)
			become_on_exit(ABANDONED); /* does not wait: a frozen child does not die */
		close(control);
		control = -1;
	}
}

static void on_owner(void)
{
	char nothing;
	ssize_t n = read(owner, &nothing, 1);
	if (n > 0 || (n < 0 && errno == EINTR))
		return;
	close(owner);
	owner = -1;
	owner_gone = true;
	syscall(SYS_pidfd_send_signal, init_pidfd, SIGKILL, NULL, 0);
}

/* True if whoever wanted a report has it. */
static bool tell_end(int status)
{
	bool told = report < 0 || send(report, &status, sizeof status, MSG_NOSIGNAL) == sizeof status;
	if (report >= 0)
		close(report);
	report = -1;
	return told;
}

static void on_stand_down(const struct signalfd_siginfo *info)
{
	bool wants_report = info->ssi_code == SI_QUEUE && info->ssi_uid == 0;
	int sender;
	tell_end(STILL_RUNNING);
	if (wants_report && (report = descriptor_of((pid_t)info->ssi_pid, info->ssi_int, &sender)) >= 0)
		close(sender);
	stand_down = !wants_report || report >= 0;
}

/* Whoever signals may have heard from the command before we have: even before its maker said that there is one. */
static bool has_started(void)
{
	struct pollfd error = { error_read, POLLIN, 0 };
	while (error_read >= 0 && poll(&error, 1, STARTED_MS) > 0)
		started();
	return running;
}

static void on_signal(int fd)
{
	struct signalfd_siginfo info;
	if (read(fd, &info, sizeof info) != sizeof info)
		return;
	unsigned value = (unsigned)info.ssi_int;
	if (info.ssi_signo == OFFER_SIGNAL && info.ssi_code == SI_QUEUE && info.ssi_uid == 0) {
		if ((value & 0xffff) == WITHDRAW)
			console_withdraw(value >> 16);
		else if ((value & 0xffff) == RESIZE)
			console_resize(value >> 16);
		else
			console_offer(value >> 16, (pid_t)info.ssi_pid, (int)(value & 0xffff));
	} else if (info.ssi_signo == STAND_DOWN_SIGNAL) {
		on_stand_down(&info);
	} else if (info.ssi_signo == STAND_UP_SIGNAL) {
		stand_down = false;
		tell_end(STILL_RUNNING);
	} else if (enter && !running && !has_started()) {
		tell(FAILED, CLONE_FAILED, EINTR); /* the container may keep the command from being executed for as long as it likes */
		syscall(SYS_pidfd_send_signal, init_pidfd, SIGKILL, NULL, 0);
		exit(EXIT_FAILURE);
	} else if (info.ssi_signo == SIGTERM && !enter) {
		owner_gone = true;
		syscall(SYS_pidfd_send_signal, init_pidfd, SIGKILL, NULL, 0);
	} else if (enter) {
		kill(-init_pid, (int)info.ssi_signo); /* its session's, or nobody's while it has none */
	}
}

static int block_signals(void)
{
	sigset_t all, ours;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	sigemptyset(&ours);
	sigaddset(&ours, STAND_DOWN_SIGNAL);
	sigaddset(&ours, STAND_UP_SIGNAL);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, OFFER_SIGNAL);
	if (enter) {
		sigaddset(&ours, SIGINT);
		sigaddset(&ours, SIGQUIT);
		sigaddset(&ours, SIGHUP);
		sigaddset(&ours, SIGUSR1);
		sigaddset(&ours, SIGUSR2);
	}
	return signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Serves until init has ended; returns its wait status. */
static int serve(int signals, int fuse)
{
	bool served = fuse >= 0;
	struct pollfd *fds = calloc(6 + console_poll_max(), sizeof *fds);
	if (!fds)
		die("poll");
	for (;;) {
		pid_t polled = init_pid;
		fds[0] = (struct pollfd){ init_pidfd, POLLIN, 0 };
		fds[1] = (struct pollfd){ control, POLLIN, 0 };
		fds[2] = (struct pollfd){ error_read, POLLIN, 0 };
		fds[3] = (struct pollfd){ signals, POLLIN, 0 };
		fds[4] = (struct pollfd){ served ? fuse : -1, POLLIN, 0 };
		fds[5] = (struct pollfd){ running ? owner : -1, POLLIN, 0 };
		int timeout = -1;
		size_t consoles = console_prepare(fds + 6, &timeout);
		int n = poll(fds, 6 + consoles, timeout);
		if (n < 0 && errno != EINTR)
			die("poll");
		if (n <= 0)
			continue;
		if (fds[2].revents) /* before a signal, which may be an answer to it */
			started();
		if (fds[3].revents)
			on_signal(signals);
		if (fds[4].revents && fuse_serve() < 0)
			served = false;
		console_pump();
		if (fds[1].revents)
			on_control();
		if (fds[5].revents)
			on_owner();
		if (fds[0].revents && init_pid == polled) {
			int status;
			if (error_read >= 0)
				started();
			if (init_pid == polled && waitpid(init_pid, &status, 0) == init_pid)
				return status;
		}
	}
}

static int number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);
	if (end == text || *end || value < 0 || value > 65535) {
		dprintf(STDERR_FILENO, "%s: '%s' is not a descriptor\n", program_name, text);
		exit(EXIT_FAILURE);
	}
	return (int)value;
}

/* --console GUEST:HOST; --console-log FD:DIRECTORY:NAME, of the console before it. Returns 0, or -1 with errno set. */
static int add_console(char *text, bool log)
{
	char *second = strchr(text, ':');
	char *name = second && log ? strchr(second + 1, ':') : NULL;
	if (!second || log != !!name) {
		dprintf(STDERR_FILENO, "%s: '%s' is not a console\n", program_name, text);
		exit(EXIT_FAILURE);
	}
	*second++ = 0;
	if (!log)
		return console_add(number(text), number(second));
	*name++ = 0;
	console_log(number(text), number(second), name);
	return 0;
}

/* --console-record DIRECTORY:BYTES:FILES:NAME, of the console before it */
static void add_record(char *text)
{
	char *part[4] = { text };
	for (int i = 1; i < 4; i++) {
		char *colon = strchr(part[i - 1], ':');
		if (!colon) {
			dprintf(STDERR_FILENO, "%s: '%s' is no record of a console\n", program_name, text);
			exit(EXIT_FAILURE);
		}
		*colon = 0;
		part[i] = colon + 1;
	}
	console_record(number(part[0]), part[3], strtoll(part[1], NULL, 10), number(part[2]));
}

/* --plan-fds FIRST-LAST */
static void set_plan_fds(char *text)
{
	char *last = strchr(text, '-');
	if (!last) {
		dprintf(STDERR_FILENO, "%s: --plan-fds wants FIRST-LAST\n", program_name);
		exit(EXIT_FAILURE);
	}
	*last = 0;
	plan_first = (unsigned)number(text);
	plan_last = (unsigned)number(last + 1);
}

/* What outlives the plan of it. */
static void set_view(const struct plan *plan)
{
	static char *directories[VIEW_DIRECTORIES];
	char **given = (char **)(plan->data + plan->header->view);
	for (int i = 0; i < VIEW_DIRECTORIES; i++)
		if (!(directories[i] = strdup(given[i])))
			die("view");
	view = (struct view){ .directory = directories, .version = plan->header->view_version, .uid = plan->header->view_uid,
			      .gid = plan->header->view_gid, .since = plan->header->view_since };
}

static void usage(FILE *to)
{
	fputs("usage: libvirt_lxc --name DOMAIN --control FD [--console GUEST:HOST [--console-log FD:DIRECTORY:NAME] [--console-record DIRECTORY:BYTES:FILES:NAME]]... [--fuse FD] [--plan-fds FIRST-LAST] [--autodestroy | --owner FD] [--successor PROGRAM] [-- ON-EXIT...]\n"
	      "       libvirt_lxc --enter --control FD [--plan-fds FIRST-LAST] [--autodestroy]\n"
	      "       libvirt_lxc --errand WORD...\n"
	      "       libvirt_lxc --steps FD\n"
	      "The controller of one container, started by virsh-lxc; see libvirt_lxc(8).\n",
	      to);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, 'n' },    { "control", required_argument, NULL, 'C' },
		{ "console", required_argument, NULL, 'c' }, { "fuse", required_argument, NULL, 'f' },
		{ "plan-fds", required_argument, NULL, 'p' }, { "autodestroy", no_argument, NULL, 'a' },
		{ "enter", no_argument, NULL, 'e' },	     { "help", no_argument, NULL, 'h' },
		{ "console-log", required_argument, NULL, 'l' }, { "console-record", required_argument, NULL, 'r' }, { "successor", required_argument, NULL, 's' },
		{ "owner", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	struct rlimit files;
	int fuse = -1;
	int unready = 0; /* the errno that is told once there is somebody to tell */
	prctl(PR_SET_DUMPABLE, 0);
	if (argc > 1 && !strcmp(argv[1], "--errand"))
		return errand(argc - 2, argv + 2);
	if (argc > 2 && !strcmp(argv[1], "--steps"))
		return steps((unsigned)number(argv[2]));
	/* The plan gives init the limit that it is to have. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	for (int c; (c = getopt_long(argc, argv, OPTIONS, options, NULL)) != -1;)
		switch (c) {
		case 'n':
			break; /* shown by ps; the plan knows everything else */
		case 'C':
			control = number(optarg);
			break;
		case 'c':
		case 'l':
		case 'r':
			break; /* below: they open descriptors of their own */
		case 'f':
			fuse = number(optarg);
			break;
		case 'p':
			set_plan_fds(optarg);
			break;
		case 's':
			successor = optarg;
			break;
		case 'o':
			owner = number(optarg);
			break;
		case 'a':
			autodestroy = true;
			break;
		case 'e':
			enter = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_FAILURE;
		}
	if (control < 0) {
		usage(stderr);
		return EXIT_FAILURE;
	}
	/* The control socket is the last descriptor that we were given: others are the caller's, and would stay open for as long as
	 * the container runs. */
	close_range((unsigned)control + 1, ~0u, 0);
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, OPTIONS, options, NULL)) != -1;)
		if ((c == 'c' || c == 'l') && add_console(optarg, c == 'l') < 0)
			unready = errno;
		else if (c == 'r')
			add_record(optarg);
	be_ordinary(enter);
	on_exit_command = argv + optind;
	on_exit_words = argc - optind;

	prctl(PR_SET_NAME, STARTING);
	if (chdir("/") < 0) /* whose file system the caller stands on must not be kept busy */
		die("/");
	int signals = block_signals();
	struct plan plan;
	receive_plan(&plan);
	if (unready) {
		tell(FAILED, NOT_READY, unready);
		return EXIT_FAILURE;
	}
	if (plan.header->view && fuse >= 0) {
		set_view(&plan);
		fuse_open(fuse);
	}
	launch(&plan);
	munmap(plan.header, plan.bytes);
	view.init = init_pid;

	int status = serve(signals, fuse);
	if (enter) {
		tell(EXITED, status, init_pid);
		return EXIT_SUCCESS;
	}
	prctl(PR_SET_NAME, ENDING);
	console_finish();
	if (owner_gone)
		status = OWNER_GONE;
	if (!running || (stand_down && tell_end(status)))
		return EXIT_SUCCESS;
	become_on_exit(status);
}
