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
 * (and opened again after a vhangup). While the host's slave is closed its master is left out of the poll, and waits in an
 * epoll set, edge-triggered. An opening is no edge, but what a reader does next is: what it types, and its first read, as the
 * first bytes of the ring lie ready in the pty (the prime) whenever there are any. What the container writes is an occasion to
 * look, too. (inotify would tell of the opening itself, but root has 128 instances of that, for all of its programs.) */
#define _GNU_SOURCE
#include "console.h"
#include "descriptor.h"
#include "output-log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define RING_BYTES 32768u /* a power of two */
#define INPUT_BYTES 1024u
#define PRIME_BYTES 256u /* at least 1; more than 4095 would take several reads */
#define STALL_MS 1000
#define FINISH_MS 300
#define TURNS_MAX 64 /* reads in a row before signals and other consoles have their turn */

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

/* What is polled of a console, in this order. */
enum { GUEST, HOST, DIRECT, OWNER, POLLED };

struct console {
	int guest, host;
	int guest_slave;    /* kept open so that guest never hangs up; -1 */
	int direct;         /* where output goes past the host's pty, or -1 */
	int owner;          /* pidfd of whoever offered it */
	bool opened;        /* somebody has the host's slave open */
	bool news;          /* ... or may have, or may have had: something happened to the host's pty */
	bool own_news;      /* the next news are of what was done here */
	bool stalled;       /* there is a reader, but it has taken nothing for STALL_MS */
	int64_t waiting_ms; /* since when the host has taken nothing although there was something; 0: it takes */
	char *ring;
	uint32_t head, tail; /* bytes ever taken out of and put into the ring */
	uint32_t primed;     /* so many from head on lie ready in the host's pty */
	char input[INPUT_BYTES];
	uint32_t input_used;
	struct winsize size; /* the host's, as the guest was given it last */
	struct output_log log, record;
	struct pollfd *polled[POLLED];
};

static struct console *consoles;
static size_t console_count;
static int visits = -1; /* the epoll set of the hosts' masters whose slaves are closed */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int open_slave(int master)
{
	return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

static void hold_guest_open(struct console *c)
{
	if (c->guest_slave >= 0)
		close(c->guest_slave);
	c->guest_slave = open_slave(c->guest);
}

static void set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static uint32_t used(const struct console *c)
{
	return c->tail - c->head;
}

/* Takes what nobody read of the host's pty back into the ring, as far as there is room. Returns false if the pty cannot be opened. */
static bool take_back(struct console *c)
{
	static char unread[RING_BYTES];
	uint32_t size = 0;
	int slave = open_slave(c->host);
	if (slave < 0)
		return false;
	for (ssize_t n; (n = read(slave, unread + size, RING_BYTES - size)) > 0;) {
		size += (uint32_t)n;
		if (size == RING_BYTES) /* the newest will do */
			memcpy(unread, unread + RING_BYTES / 2, size = RING_BYTES / 2);
	}
	close(slave);
	c->own_news = true;
	c->head += c->primed;
	c->primed = 0;
	while (size && used(c) < RING_BYTES)
		c->ring[--c->head & (RING_BYTES - 1)] = unread[--size];
	return true;
}

/* From now on nobody has the host's slave open. */
static bool await_visit(struct console *c)
{
	struct epoll_event event = { EPOLLIN | EPOLLOUT | EPOLLET, { .u64 = (uint64_t)(c - consoles) } };
	c->opened = false;
	/* The master of a slave that was never opened does not hang up: this opens it, too. */
	return take_back(c) && epoll_ctl(visits, EPOLL_CTL_ADD, c->host, &event) == 0;
}

int console_add(int guest, int host)
{
	struct console *more = reallocarray(consoles, console_count + 1, sizeof *consoles);
	if (!more)
		return -1;
	consoles = more;
	if (visits < 0 && (visits = epoll_create1(EPOLL_CLOEXEC)) < 0)
		return -1;
	struct console *c = &consoles[console_count];
	*c = (struct console){ .guest = guest, .host = host, .guest_slave = -1, .direct = -1, .owner = -1, .log = { .fd = -1 }, .record = { .fd = -1 } };
	set_nonblocking(guest);
	set_nonblocking(host);
	/* Pages of the ring are not there until they are written to. */
	c->ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->ring == MAP_FAILED)
		return -1;
	hold_guest_open(c);
	if (c->guest_slave < 0 || !await_visit(c))
		return -1;
	console_count++;
	return 0;
}

void console_log(int fd, int directory, const char *name)
{
	if (console_count)
		output_log_open(&consoles[console_count - 1].log, fd, directory, name);
}

void console_record(int directory, const char *name, off_t full, int files)
{
	if (console_count)
		output_log_keep(&consoles[console_count - 1].record, directory, name, full, files);
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
	take_back(&consoles[index]); /* what was written first is shown first */
	new_reader(&consoles[index]);
}

void console_resize(size_t index)
{
	struct winsize size;
	if (index >= console_count)
		return;
	struct console *c = &consoles[index];
	/* One that the guest gave itself is left alone until the host's window changes. */
	if (ioctl(c->host, TIOCGWINSZ, &size) < 0 || !memcmp(&size, &c->size, sizeof size))
		return;
	c->size = size;
	ioctl(c->guest, TIOCSWINSZ, &size);
}

size_t console_poll_max(void)
{
	return POLLED * console_count + 1;
}

/* Room is made for what is open only: poll(2) takes no more entries than descriptors may be open. */
static struct pollfd *want(struct pollfd **next, int fd, short events)
{
	if (fd < 0)
		return NULL;
	**next = (struct pollfd){ fd, events, 0 };
	return (*next)++;
}

static struct pollfd *visits_polled;

size_t console_prepare(struct pollfd *fds, int *timeout_ms)
{
	struct pollfd *next = fds;
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
		c->polled[GUEST] = want(&next, c->guest, guest);
		c->polled[HOST] = want(&next, c->opened ? c->host : -1, host);
		c->polled[DIRECT] = want(&next, used(c) ? c->direct : -1, POLLOUT);
		c->polled[OWNER] = want(&next, c->owner, POLLIN);
	}
	visits_polled = want(&next, visits, POLLIN);
	return (size_t)(next - fds);
}

/* Lays the first bytes of the ring ready for whoever comes. */
static void prime(struct console *c)
{
	uint32_t at = c->head & (RING_BYTES - 1);
	uint32_t run = used(c) < PRIME_BYTES ? used(c) : PRIME_BYTES;
	if (run > RING_BYTES - at)
		run = RING_BYTES - at;
	ssize_t n = c->primed || !run ? 0 : write(c->host, c->ring + at, run);
	if (n <= 0)
		return;
	c->primed = (uint32_t)n;
	c->own_news = true;
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
		if (forgets(c) && used(c) > RING_BYTES / 2) {
			if (c->primed)
				take_back(c);
			if (used(c) > RING_BYTES / 2)
				c->head = c->tail - RING_BYTES / 2; /* make room; the newest half stays */
		}
		uint32_t at = c->tail & (RING_BYTES - 1);
		uint32_t room = RING_BYTES - used(c);
		if (room > RING_BYTES - at)
			room = RING_BYTES - at;
		if (!room)
			return true;
		ssize_t n = read(c->guest, c->ring + at, room);
		if (n > 0) {
			output_log_write(&c->log, c->ring + at, (size_t)n);
			output_log_write(&c->record, c->ring + at, (size_t)n);
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
	else if (c->opened && (n == 0 || (errno != EAGAIN && errno != EINTR)))
		await_visit(c); /* EIO: the last one closed it */
	console_resize((size_t)(c - consoles)); /* of a window's size that somebody gave it there was no word */
}

static void write_guest(struct console *c)
{
	ssize_t n = write(c->guest, c->input, c->input_used);
	if (n <= 0)
		return;
	c->input_used -= (uint32_t)n;
	memmove(c->input, c->input + n, c->input_used);
}

/* Looks whether somebody has the host's slave open. */
static void look(struct console *c)
{
	struct pollfd host = { c->host, POLLIN, 0 };
	bool ours = c->own_news || !c->news;
	if (c->news)
		c->news = c->own_news = false;
	if (poll(&host, 1, 0) < 0)
		return;
	if (!(host.revents & POLLHUP)) {
		epoll_ctl(visits, EPOLL_CTL_DEL, c->host, NULL);
		c->opened = true;
		c->head += c->primed; /* which it reads, or has read */
		c->primed = 0;
		new_reader(c);
		console_resize((size_t)(c - consoles));
		return;
	}
	if (host.revents & POLLIN && c->input_used < INPUT_BYTES)
		read_host(c); /* a message that was left here */
	if (!ours && c->primed)
		take_back(c); /* somebody has been here, and may have read of it */
}

static void note_visits(void)
{
	struct epoll_event events[16];
	for (int n = 16; n == 16;) {
		n = epoll_wait(visits, events, 16, 0);
		for (int i = 0; i < n; i++)
			consoles[events[i].data.u64].news = true;
	}
}

void console_pump(void)
{
	if (visits_polled && visits_polled->revents)
		note_visits();
	for (size_t i = 0; i < console_count; i++) {
		struct console *c = &consoles[i];
		short ready[POLLED];
		for (int k = 0; k < POLLED; k++)
			ready[k] = c->polled[k] ? c->polled[k]->revents : 0;
		if (ready[HOST] & POLLIN)
			read_host(c);
		else if (ready[HOST] & (POLLHUP | POLLERR))
			await_visit(c);
		if (ready[OWNER])
			console_withdraw(i);
		if (c->input_used)
			write_guest(c);
		if (!c->opened && (c->news || ready[GUEST]))
			look(c);
		if (ready[GUEST] & POLLIN && !read_guest(c))
			hold_guest_open(c);
		else if (ready[GUEST] & (POLLHUP | POLLERR) && !(ready[GUEST] & POLLIN))
			hold_guest_open(c);
		if (attached(c))
			write_reader(c);
		else
			prime(c);
	}
}

/* Closing the master throws away what its reader has not read yet: waits until it has. */
static void wait_for_reader(struct console *c, int64_t end)
{
	int slave = open_slave(c->host);
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

void console_finish(void)
{
	int64_t end = now_ms() + FINISH_MS;
	for (size_t i = 0; i < console_count; i++) {
		struct console *c = &consoles[i];
		if (!c->opened)
			look(c);
		do {
			uint32_t before = c->tail;
			read_guest(c);
			if (attached(c))
				write_reader(c);
			if (c->tail == before && (!attached(c) || !used(c)))
				break;
			if (attached(c) && used(c))
				usleep(1000);
		} while (now_ms() < end);
		/* What was written to a terminal stays there. */
		if (c->opened && c->direct < 0)
			wait_for_reader(c, end);
		take_back(c);
		output_log_note(i, c->ring, RING_BYTES, c->head, used(c));
	}
}
