/* The console pump.
 *
 * guest -> host goes through a ring. While nobody has the host's side open, or while whoever has it open takes nothing
 * for a second, the ring keeps the newest bytes and forgets the oldest: a container never blocks on its console. Whoever
 * opens it next reads the ring first. While it is being read, nothing is forgotten: the container waits instead.
 *
 * A reader may also offer a descriptor of its own, its terminal say: output then goes straight there, past the host's pty
 * and the reader's process, for as long as that process lives or until it withdraws the offer.
 *
 * A pty's master says POLLHUP for as long as its slave is closed. Of the guest's pty a slave is therefore kept open here
 * (and opened again after a vhangup); the host's is left out of the poll until inotify tells that its slave was opened. */
#define _GNU_SOURCE
#include "console.h"
#include "descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define RING_BYTES 32768u /* a power of two */
#define INPUT_BYTES 1024u
#define STALL_MS 1000
#define FINISH_MS 300
#define TURNS_MAX 64 /* reads in a row before signals and other consoles have their turn */

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

struct console {
	int guest, host;
	int guest_slave; /* kept open so that guest never hangs up; -1 */
	int watch;       /* inotify's number for the host's slave */
	const char *path;
	int direct;         /* where output goes past the host's pty, or -1 */
	int owner;          /* pidfd of whoever offered it */
	bool opened;        /* somebody has the host's slave open */
	bool stalled;       /* there is a reader, but it has taken nothing for STALL_MS */
	int64_t waiting_ms; /* since when the host has taken nothing although there was something; 0: it takes */
	char *ring;
	uint32_t head, tail; /* bytes ever taken out of and put into the ring */
	char input[INPUT_BYTES];
	uint32_t input_used;
};

static struct console consoles[CONSOLE_MAX];
static size_t console_count;
static int notify = -1;

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void hold_guest_open(struct console *c)
{
	if (c->guest_slave >= 0)
		close(c->guest_slave);
	c->guest_slave = ioctl(c->guest, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

static void set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int console_add(int guest, int host, const char *host_path)
{
	if (console_count == CONSOLE_MAX)
		return -1;
	if (notify < 0)
		notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct console *c = &consoles[console_count++];
	*c = (struct console){
		.guest = guest, .host = host, .guest_slave = -1, .path = host_path, .direct = -1, .owner = -1,
	};
	set_nonblocking(guest);
	set_nonblocking(host);
	c->watch = inotify_add_watch(notify, host_path, IN_OPEN);
	/* Pages of the ring are not there until they are written to. */
	c->ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->ring == MAP_FAILED)
		return -1;
	hold_guest_open(c);
	return 0;
}

static bool attached(const struct console *c)
{
	return c->opened || c->direct >= 0;
}

static bool forgets(const struct console *c)
{
	return !attached(c) || c->stalled;
}

/* Somebody else reads now, or nobody. */
static void new_reader(struct console *c)
{
	c->stalled = false;
	c->waiting_ms = 0;
}

void console_withdraw(size_t index)
{
	if (index >= console_count || consoles[index].direct < 0)
		return;
	close(consoles[index].direct);
	close(consoles[index].owner);
	consoles[index].direct = consoles[index].owner = -1;
	new_reader(&consoles[index]);
}

void console_offer(size_t index, pid_t pid, int fd)
{
	if (index >= console_count)
		return;
	int owner;
	int direct = descriptor_of(pid, fd, &owner);
	if (direct < 0)
		return; /* it has gone already; its output goes by way of the pty */
	console_withdraw(index);
	consoles[index].direct = direct;
	consoles[index].owner = owner;
	new_reader(&consoles[index]);
}

static uint32_t used(const struct console *c)
{
	return c->tail - c->head;
}

size_t console_prepare(struct pollfd *fds, int *timeout_ms)
{
	size_t n = 0;
	int64_t now = 0;
	for (size_t i = 0; i < console_count; i++) {
		struct console *c = &consoles[i];
		short guest = 0, host = 0;
		/* First of all: whether more may be read from the guest depends on it. */
		if (attached(c) && c->waiting_ms && !c->stalled) {
			now = now ? now : now_ms();
			int64_t left = c->waiting_ms + STALL_MS - now;
			if (left <= 0)
				c->stalled = true;
			else if (*timeout_ms < 0 || left < *timeout_ms)
				*timeout_ms = (int)left;
		}
		if (used(c) < RING_BYTES || forgets(c))
			guest |= POLLIN;
		if (c->input_used)
			guest |= POLLOUT;
		if (c->direct < 0 && used(c))
			host |= POLLOUT;
		if (c->input_used < INPUT_BYTES)
			host |= POLLIN;
		fds[n++] = (struct pollfd){ c->guest, guest, 0 };
		fds[n++] = (struct pollfd){ c->opened ? c->host : -1, host, 0 };
		fds[n++] = (struct pollfd){ used(c) ? c->direct : -1, POLLOUT, 0 };
		fds[n++] = (struct pollfd){ c->owner, POLLIN, 0 };
	}
	fds[n++] = (struct pollfd){ notify, POLLIN, 0 };
	return n;
}

static void write_reader(struct console *c)
{
	int to = c->direct >= 0 ? c->direct : c->host;
	while (used(c)) {
		uint32_t at = c->head & (RING_BYTES - 1);
		uint32_t run = used(c);
		if (run > RING_BYTES - at)
			run = RING_BYTES - at;
		ssize_t n = write(to, c->ring + at, run);
		if (n > 0) {
			c->head += (uint32_t)n;
			c->waiting_ms = 0;
			c->stalled = false;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && c->direct >= 0) {
			console_withdraw((size_t)(c - consoles)); /* its terminal has gone */
			return;
		}
		if (!c->waiting_ms)
			c->waiting_ms = now_ms();
		return;
	}
}

/* Reads what the guest wrote until the ring is full or nothing is left. Returns false when its side is closed.
 *
 * A pty hands over 4 KiB at a time and is filled again by a kernel thread: giving that the processor once, instead of going
 * back to poll at once, makes a fast writer a third faster. */
static bool read_guest(struct console *c)
{
	bool again = false;
	for (int turns = 0; turns < TURNS_MAX; turns++) {
		if (forgets(c) && used(c) > RING_BYTES / 2)
			c->head = c->tail - RING_BYTES / 2; /* make room; the newest half stays */
		uint32_t at = c->tail & (RING_BYTES - 1);
		uint32_t room = RING_BYTES - used(c);
		if (room > RING_BYTES - at)
			room = RING_BYTES - at;
		if (!room)
			return true;
		ssize_t n = read(c->guest, c->ring + at, room);
		if (n > 0) {
			c->tail += (uint32_t)n;
			again = true;
			if (attached(c))
				write_reader(c);
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && errno == EAGAIN && again) {
			again = false;
			sched_yield();
		} else {
			return n < 0 && errno == EAGAIN;
		}
	}
	return true;
}

static void read_host(struct console *c)
{
	ssize_t n = read(c->host, c->input + c->input_used, INPUT_BYTES - c->input_used);
	if (n > 0)
		c->input_used += (uint32_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->opened = false; /* EIO: the last one closed it */
}

static void write_guest(struct console *c)
{
	ssize_t n = write(c->guest, c->input, c->input_used);
	if (n <= 0)
		return;
	c->input_used -= (uint32_t)n;
	memmove(c->input, c->input + n, c->input_used);
}

static void attach_opened(void)
{
	_Alignas(struct inotify_event) char events[1024];
	ssize_t n;
	while ((n = read(notify, events, sizeof events)) > 0)
		for (char *at = events; at < events + n;) {
			const struct inotify_event *e = (const struct inotify_event *)at;
			for (size_t i = 0; i < console_count; i++)
				if (consoles[i].watch == e->wd) {
					consoles[i].opened = true;
					new_reader(&consoles[i]);
				}
			at += sizeof *e + e->len;
		}
}

void console_pump(const struct pollfd *fds, size_t count)
{
	if (count != 4 * console_count + 1)
		return;
	if (fds[count - 1].revents)
		attach_opened();
	for (size_t i = 0; i < console_count; i++) {
		struct console *c = &consoles[i];
		short guest = fds[4 * i].revents, host = fds[4 * i + 1].revents;
		if (host & POLLIN)
			read_host(c);
		else if (host & (POLLHUP | POLLERR))
			c->opened = false;
		if (fds[4 * i + 3].revents)
			console_withdraw(i);
		if (c->input_used)
			write_guest(c);
		if (guest & POLLIN && !read_guest(c))
			hold_guest_open(c);
		else if (guest & (POLLHUP | POLLERR) && !(guest & POLLIN))
			hold_guest_open(c);
		if (attached(c))
			write_reader(c);
	}
}

/* Leaves it to a kernel thread to close a descriptor, after our end. An inotify descriptor that we close ourselves keeps us for
 * some 10 ms, until everybody who may be looking at its watches is known to be past them; as a file of an io_uring it does not.
 * Where a host has no io_uring it is closed as usual. */
static void close_later(int fd)
{
	struct io_uring_params params = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	if (ring >= 0)
		syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1);
}

void console_finish(void)
{
	if (notify >= 0)
		close_later(notify);
	int64_t end = now_ms() + FINISH_MS;
	for (size_t i = 0; i < console_count; i++) {
		struct console *c = &consoles[i];
		while (attached(c) && now_ms() < end) {
			uint32_t before = c->tail;
			read_guest(c);
			write_reader(c);
			if (c->tail == before && !used(c))
				break;
			if (used(c))
				usleep(1000);
		}
		if (c->direct >= 0)
			continue; /* what was written to a terminal stays there */
		/* Closing the master throws away what its reader has not read yet: wait until it has. */
		int slave = c->opened ? open(c->path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
		for (int empty = 0; slave >= 0 && empty < 2 && now_ms() < end;) {
			int unread = 0;
			write_reader(c);
			if (ioctl(slave, FIONREAD, &unread) < 0)
				break;
			empty = unread || used(c) ? 0 : empty + 1;
			usleep(1000);
		}
		if (slave >= 0)
			close(slave);
	}
}
