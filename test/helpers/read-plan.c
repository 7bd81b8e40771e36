/* Opens a plan as the controller does, and writes what is in it, by the names of plan.h: one line for the header, one for each
 * step. What points into the data is written as text, a vector with its members in brackets. */
#include "plan.h"
#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char bytes[PLAN_MAX_BYTES] __attribute__((aligned(8)));

static void print_data(const struct plan *plan, uint64_t offset)
{
	/* A vector's members were made addresses of the data. */
	uint64_t first;
	memcpy(&first, plan->data + offset, sizeof first);
	uint64_t from = (uint64_t)(uintptr_t)plan->data, to = from + plan->header->data_bytes;
	if (first < from || first >= to) {
		printf(" \"%s\"", plan->data + offset);
		return;
	}
	printf(" [");
	for (char **member = (char **)(void *)(plan->data + offset); *member; member++)
		printf(" \"%s\"", *member);
	printf(" ]");
}

static void print_step(const struct plan *plan, const char *whose, const struct step *step)
{
	printf("%s %s%" PRId32, whose, step->number == MAKE_TARGET ? "make-target " : "", step->number);
	printf("%s%s%s%s%s", step->flags & STEP_NONZERO ? " nonzero" : "", step->flags & STEP_LATE ? " late" : "",
	       step->flags & STEP_FORK ? " fork" : "", step->flags & STEP_INSIDE ? " inside" : "",
	       step->flags & STEP_WHOLE ? " whole" : "");
	for (int i = 0; i < step->tolerated_count; i++)
		printf(" tolerates %d", step->tolerated[i]);
	printf(":");
	for (int i = 0; i < 6; i++)
		switch (step->kind[i]) {
		case ARG_NUMBER:
			printf(" %" PRId64, (int64_t)step->arg[i]);
			break;
		case ARG_DATA:
			print_data(plan, step->arg[i]);
			break;
		case ARG_RESULT:
			printf(" result-%" PRIu64, step->arg[i]);
			break;
		case ARG_PARENT:
			printf(" parent-%" PRIu64, step->arg[i]);
			break;
		case ARG_GO:
			printf(" go");
			break;
		case ARG_REPLY:
			printf(" reply-%" PRIu64, step->arg[i]);
			break;
		default:
			printf(" ?");
		}
	printf("\n");
}

int main(void)
{
	struct plan plan;
	size_t size = 0;
	for (ssize_t n; (n = read(STDIN_FILENO, bytes + size, sizeof bytes - size)) > 0;)
		size += (size_t)n;
	if (plan_open(&plan, bytes, size) < 0) {
		printf("refused\n");
		return 1;
	}
	const struct plan_header *h = plan.header;
	printf("clone %" PRIx64 " cgroup %" PRId32 "\n", h->clone_flags, h->cgroup_step);
	if (h->reply_bytes)
		printf("reply %" PRIu32 "\n", h->reply_bytes);
	if (h->view) {
		printf("view v%" PRIu32 " %" PRIu32 ":%" PRIu32 " since %" PRIu64, h->view_version, h->view_uid, h->view_gid, h->view_since);
		for (int i = 0; i < VIEW_DIRECTORIES; i++)
			printf(" \"%s\"", ((char **)(plan.data + h->view))[i]);
		printf("\n");
	}
	for (uint32_t i = 0; i < h->parent_steps; i++)
		print_step(&plan, "parent", &plan.parent[i]);
	for (uint32_t i = 0; i < h->child_steps; i++)
		print_step(&plan, "child", &plan.child[i]);
	return 0;
}
