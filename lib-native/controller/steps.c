/* Files that a container made are looked at by a process of its own kind: it enters the container, drops what the container's root
 * has not, and then does what it is told, call by call. virsh-lxc decides; what the container's root could not do, this process
 * cannot be led to do, and one that is held up by a file system that never answers is simply left behind.
 *
 *   libvirt_lxc --steps FIRST         takes plans on descriptor 0 (a socket), its descriptors from FIRST on are closed
 *
 *   size (4 bytes), plan ------------>  runs the child's steps
 *   <----- failure (plan.h), what each step returned (8 bytes), the bytes that calls left in the reply area
 *
 * failure.step is -1 where no step failed. No reply comes to a plan whose size has WILL added: it is kept, in place of an earlier
 * one, and run when the other side is gone, with whose death half a file would be left over. */
#define _GNU_SOURCE
#include "steps.h"
#include "plan.h"
#include "protocol.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET STDIN_FILENO
#define WILL_BYTES 8192

static char *request;
static char last_will[WILL_BYTES] __attribute__((aligned(8)));
static size_t will_bytes;

static bool reply(const void *from, size_t size, int more)
{
	for (const char *at = from; size;) {
		ssize_t n = send(SOCKET, at, size, MSG_NOSIGNAL | more);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

/* Returns an errno where the other side says what makes no sense. */
static int take_plans(void)
{
	static int64_t results[PLAN_MAX_STEPS];
	for (uint32_t size; plan_read(SOCKET, &size, sizeof size);) {
		bool is_will = size & PLAN_WILL;
		size &= ~PLAN_WILL;
		if (size > (is_will ? sizeof last_will : PLAN_MAX_BYTES))
			return EMSGSIZE;
		if (is_will) {
			will_bytes = 0;
			if (!plan_read(SOCKET, last_will, size))
				return 0;
			will_bytes = size;
			continue;
		}
		struct plan plan;
		if (!plan_read(SOCKET, request, size))
			return 0;
		if (plan_open(&plan, request, size) < 0)
			return EBADMSG;
		memset(results, 0, plan.header->child_steps * sizeof *results);
		struct failure failure;
		plan_run_here(&plan, results, &failure);
		if (!reply(&failure, sizeof failure, MSG_MORE) ||
		    !reply(results, plan.header->child_steps * sizeof *results, plan.header->reply_bytes ? MSG_MORE : 0) ||
		    !reply(plan_reply, plan.header->reply_bytes, 0))
			return 0;
	}
	return 0;
}

/* Only here: a controller is not to be charged for it. */
static char *room(void)
{
	return mmap(NULL, PLAN_MAX_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int steps(unsigned first)
{
	struct rlimit files;
	prctl(PR_SET_NAME, ON_ERRAND);
	close_range(first, ~0u, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	request = room();
	plan_reply = room();
	if (request == MAP_FAILED || plan_reply == MAP_FAILED || chdir("/") < 0)
		return errno;
	int error = take_plans();
	struct plan will;
	struct failure failure;
	int64_t results[8];
	if (will_bytes && plan_open(&will, last_will, will_bytes) == 0 && will.header->child_steps <= 8)
		plan_run_here(&will, results, &failure);
	return error;
}
