/* The console pump.
 *
 * guest -> host goes through a ring. While nobody has the host's side open, or while whoever has it open takes nothing
 * for a second, the ring keeps the newest bytes and forgets the oldest: a container never blocks on its console. Whoever
 * opens it next reads the ring first. While it is being read, nothing is forgotten: the container waits instead.
 *
 * A pty's master says POLLHUP for as long as its slave is closed. Of the guest's pty a slave is therefore kept open here
 * (and opened again after a vhangup); the host's is left out of the poll until inotify tells that its slave was opened. */
#define _GNU_SOURCE
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define RING_BYTES 32768u /* a power of two */
#define INPUT_BYTES 1024u
#define STALL_MS 1000
#define FINISH_MS 300

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

struct console {
	int guest, host;
	int guest_slave; /* kept open so that guest never hangs up; -1 */
	int watch;       /* inotify's number for the host's slave */
	const char *path;
	bool attached;      /* somebody has the host's slave open */
	bool stalled;       /* ... and has taken nothing for STALL_MS */
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
	*c = (struct console){ .guest = guest, .host = host, .guest_slave = -1, .path = host_path };
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

static bool forgets(const struct console *c)
{
	return !c->attached || c->stalled;
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
		if (used(c) < RING_BYTES || forgets(c))
			guest |= POLLIN;
		if (c->input_used)
			guest |= POLLOUT;
		if (c->attached) {
			if (used(c))
				host |= POLLOUT;
			if (c->input_used < INPUT_BYTES)
				host |= POLLIN;
		}
		if (c->attached && c->waiting_ms && !c->stalled) {
			now = now ? now : now_ms();
			int64_t left = c->waiting_ms + STALL_MS - now;
			if (left <= 0)
				c->stalled = true;
			else if (*timeout_ms < 0 || left < *timeout_ms)
				*timeout_ms = (int)left;
		}
		fds[n++] = (struct pollfd){ c->guest, guest, 0 };
		fds[n++] = (struct pollfd){ c->attached ? c->host : -1, host, 0 };
	}
	fds[n++] = (struct pollfd){ notify, POLLIN, 0 };
	return n;
}

/* Reads what the guest wrote until the ring is full or nothing is left. Returns false when its side is closed. */
static bool read_guest(struct console *c)
{
	for (;;) {
		if (forgets(c) && used(c) > RING_BYTES / 2)
			c->head = c->tail - RING_BYTES / 2; /* make room; the newest half stays */
		uint32_t at = c->tail & (RING_BYTES - 1);
		uint32_t room = RING_BYTES - used(c);
		if (room > RING_BYTES - at)
			room = RING_BYTES - at;
		if (!room)
			return true;
		ssize_t n = read(c->guest, c->ring + at, room);
		if (n > 0)
			c->tail += (uint32_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else
			return n < 0 && errno == EAGAIN;
		if (!forgets(c))
			return true; /* let the host's side have it at once */
	}
}

static void write_host(struct console *c)
{
	while (used(c)) {
		uint32_t at = c->head & (RING_BYTES - 1);
		uint32_t run = used(c);
		if (run > RING_BYTES - at)
			run = RING_BYTES - at;
		ssize_t n = write(c->host, c->ring + at, run);
		if (n > 0) {
			c->head += (uint32_t)n;
			c->waiting_ms = 0;
			c->stalled = false;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (!c->waiting_ms)
			c->waiting_ms = now_ms();
		return;
	}
}

static void read_host(struct console *c)
{
	ssize_t n = read(c->host, c->input + c->input_used, INPUT_BYTES - c->input_used);
	if (n > 0)
		c->input_used += (uint32_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->attached = false; /* EIO: the last one closed it */
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
					consoles[i].attached = true;
					consoles[i].stalled = false;
					consoles[i].waiting_ms = 0;
				}
			at += sizeof *e + e->len;
		}
}

void console_pump(const struct pollfd *fds, size_t count)
{
	if (count != 2 * console_count + 1)
		return;
	if (fds[count - 1].revents)
		attach_opened();
	for (size_t i = 0; i < console_count; i++) {
		struct console *c = &consoles[i];
		short guest = fds[2 * i].revents, host = fds[2 * i + 1].revents;
		if (host & POLLIN)
			read_host(c);
		else if (host & (POLLHUP | POLLERR))
			c->attached = false;
		if (c->input_used)
			write_guest(c);
		if (guest & POLLIN && !read_guest(c))
			hold_guest_open(c);
		else if (guest & (POLLHUP | POLLERR) && !(guest & POLLIN))
			hold_guest_open(c);
		if (c->attached)
			write_host(c);
	}
}

void console_finish(void)
{
	int64_t end = now_ms() + FINISH_MS;
	for (size_t i = 0; i < console_count; i++) {
		struct console *c = &consoles[i];
		while (c->attached && used(c) < RING_BYTES && read_guest(c) && now_ms() < end) {
			uint32_t before = used(c);
			write_host(c);
			if (before == used(c) && used(c))
				usleep(1000);
			else if (!before)
				break;
		}
		/* Closing the master throws away what its reader has not read yet: wait until it has. */
		int slave = c->attached ? open(c->path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
		for (int empty = 0; slave >= 0 && empty < 2 && now_ms() < end;) {
			int unread = 0;
			write_host(c);
			if (ioctl(slave, FIONREAD, &unread) < 0)
				break;
			empty = unread || used(c) ? 0 : empty + 1;
			usleep(1000);
		}
		if (slave >= 0)
			close(slave);
	}
}
