/* Runs plans. Between clone and exec there is no allocation, no lock and no libc state: only the steps. */
#define _GNU_SOURCE
#include "plan.h"
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int64_t parent_results[PLAN_MAX_STEPS];
static int64_t child_results[PLAN_MAX_STEPS];
char *plan_reply;

bool plan_read(int fd, void *into, size_t size)
{
	for (char *at = into; size;) {
		ssize_t n = read(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

int plan_open(struct plan *plan, void *bytes, size_t size)
{
	struct plan_header *h = bytes;
	if (size < sizeof *h || h->magic != PLAN_MAGIC || h->parent_steps > PLAN_MAX_STEPS ||
	    h->child_steps > PLAN_MAX_STEPS || h->child_steps == 0 || h->relocations > PLAN_MAX_BYTES / 4 ||
	    h->data_bytes > PLAN_MAX_BYTES || h->reply_bytes > PLAN_MAX_BYTES)
		return -1;
	size_t relocations = ((size_t)h->relocations * sizeof(uint32_t) + 7) & ~(size_t)7;
	size_t steps = ((size_t)h->parent_steps + h->child_steps) * sizeof(struct step);
	if (sizeof *h + steps + relocations + h->data_bytes != size || h->cgroup_step >= (int32_t)h->parent_steps)
		return -1;

	plan->header = h;
	plan->parent = (struct step *)(h + 1);
	plan->child = plan->parent + h->parent_steps;
	plan->bytes = size;
	const uint32_t *relocation = (const uint32_t *)(plan->child + h->child_steps);
	plan->data = (char *)relocation + relocations;
	for (uint32_t i = 0; i < h->relocations; i++) {
		uint64_t value;
		if (relocation[i] + sizeof value > h->data_bytes)
			return -1;
		memcpy(&value, plan->data + relocation[i], sizeof value);
		if (value >= h->data_bytes)
			return -1;
		value += (uint64_t)(uintptr_t)plan->data;
		memcpy(plan->data + relocation[i], &value, sizeof value);
	}
	return 0;
}

static int tolerated(const struct step *step, int error)
{
	for (int i = 0; i < step->tolerated_count && i < 4; i++)
		if (step->tolerated[i] == error)
			return 1;
	return 0;
}

/* One step. Returns 0, or the errno (EPIPE for an end of file where a byte was wanted, EXDEV for a place outside the root, ENOSPC for half a write). */
static int run_step(const struct plan *plan, const struct step *step, int64_t *results, uint32_t index, int go_fd)
{
	long arg[6];
	for (int i = 0; i < 6; i++) {
		uint64_t value = step->arg[i];
		switch (step->kind[i]) {
		case ARG_DATA:
			value += (uint64_t)(uintptr_t)plan->data;
			break;
		case ARG_RESULT:
			value = value < index ? (uint64_t)results[value] : (uint64_t)-1;
			break;
		case ARG_PARENT:
			value = value < plan->header->parent_steps ? (uint64_t)parent_results[value] : (uint64_t)-1;
			break;
		case ARG_GO:
			value = (uint64_t)go_fd;
			break;
		case ARG_REPLY:
			value += (uint64_t)(uintptr_t)plan_reply;
			break;
		default:
			break;
		}
		arg[i] = (long)value;
	}
	long result = step->number == MAKE_TARGET ? make_target((const char *)arg[0], arg[1])
						  : syscall(step->number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
	results[index] = result;
	if (result < 0)
		return tolerated(step, errno) ? 0 : errno;
	if ((step->flags & STEP_INSIDE) && *(const char *)arg[0] != '/')
		return EXDEV;
	if ((step->flags & STEP_WHOLE) && result != arg[2])
		return ENOSPC;
	return (step->flags & STEP_NONZERO) && result == 0 ? EPIPE : 0;
}

int plan_run_parent(const struct plan *plan, struct failure *failure)
{
	for (uint32_t i = 0; i < plan->header->parent_steps; i++) {
		int error = run_step(plan, &plan->parent[i], parent_results, i, -1);
		if (error) {
			*failure = (struct failure){ -1 - (int32_t)i, error };
			return -1;
		}
	}
	return 0;
}

void plan_run_here(const struct plan *plan, int64_t *results, struct failure *failure)
{
	*failure = (struct failure){ -1, 0 };
	for (uint32_t i = 0; i < plan->header->child_steps; i++) {
		int error = run_step(plan, &plan->child[i], results, i, -1);
		if (error) {
			*failure = (struct failure){ (int32_t)i, error };
			return;
		}
	}
}

int plan_cgroup(const struct plan *plan)
{
	return plan->header->cgroup_step < 0 ? -1 : (int)parent_results[plan->header->cgroup_step];
}

/* Puts the two pipes behind the plan's descriptors and closes everything else from 3 on. Returns 0, or an errno. */
static int keep_only(int *go_fd, int *error_fd, unsigned first, unsigned last)
{
	int next = (int)last + 1;
	int go = fcntl(*go_fd, F_DUPFD_CLOEXEC, next + 2), error = fcntl(*error_fd, F_DUPFD_CLOEXEC, next + 2);
	if (go < 0 || error < 0 || dup3(go, next, O_CLOEXEC) < 0 || dup3(error, next + 1, O_CLOEXEC) < 0)
		return errno;
	*go_fd = next;
	*error_fd = next + 1;
	if (close_range((unsigned)next + 2, ~0u, 0) < 0 || (first > 3 && close_range(3, first - 1, 0) < 0))
		return errno;
	return 0;
}

_Noreturn void plan_run_child(const struct plan *plan, int go_fd, int error_fd, unsigned first, unsigned last)
{
	struct failure failure = { 0, keep_only(&go_fd, &error_fd, first, last) };
	for (uint32_t i = 0; i < plan->header->child_steps; i++) {
		const struct step *step = &plan->child[i];
		if (!failure.error)
			failure = (struct failure){ (int32_t)i, run_step(plan, step, child_results, i, go_fd) };
		if (!failure.error && (step->flags & STEP_FORK) && child_results[i] != 0) {
			failure = (struct failure){ FORKED, (int32_t)child_results[i] };
			_exit(write(error_fd, &failure, sizeof failure) == sizeof failure ? 0 : 125);
		}
		if (!failure.error)
			continue;
		if (step->flags & STEP_LATE)
			failure.step |= FAILED_LATE;
		if (write(error_fd, &failure, sizeof failure) < 0)
			_exit(125);
		_exit(126);
	}
	_exit(125); /* the last step is execve: it does not come back without an error */
}
