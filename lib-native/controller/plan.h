/* The plan: system calls compiled by virsh-lxc, run here without a decision of our own.
 * lib-native/plan-encoding.ts writes this layout; both sides are little-endian and 8-byte aligned. */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_MAGIC 0x324e4c50u /* "PLN2" */
#define PLAN_MAX_STEPS 1024
#define PLAN_MAX_BYTES (4u << 20)

enum arg_kind {
	ARG_NUMBER = 0, /* the value itself */
	ARG_DATA = 1,   /* offset into the plan's data: becomes its address */
	ARG_RESULT = 2, /* result of an earlier step of the same list */
	ARG_PARENT = 3, /* result of a step that the parent ran */
	ARG_GO = 4,     /* the read end of the pipe on which the child is told to go on */
	ARG_REPLY = 5,  /* offset into the reply area: becomes its address */
};

enum step_flags {
	STEP_NONZERO = 1, /* a result of 0 is a failure too (end of file at a barrier) */
	STEP_LATE = 2,    /* a failure counts as one of the started container: logged, not reported */
	STEP_FORK = 4,    /* makes a process, which goes on with the plan; whoever made it tells the controller its pid and ends */
	STEP_WHOLE = 16,  /* a result that is not the third argument is a failure (a write that is cut short) */
	STEP_INSIDE = 8,  /* the text that the call left at its first argument must begin with '/': getcwd(2) of a place below the root */
};

/* The one step that is more than a system call: make_target(path, directory). No call has this number. */
#define MAKE_TARGET -1

struct step {
	int32_t number;
	uint8_t flags;
	uint8_t tolerated_count;
	uint16_t reserved;
	int16_t tolerated[4]; /* errnos that are no failure */
	uint8_t kind[6];
	uint8_t padding[2];
	uint64_t arg[6];
};

struct plan_header {
	uint32_t magic;
	uint32_t parent_steps; /* run before clone3, here */
	uint32_t child_steps;  /* run after it, in the child; the last one is execve */
	uint32_t data_bytes;
	uint32_t relocations;     /* offsets in data whose 8 bytes are offsets to be made addresses */
	int32_t cgroup_step;      /* parent step whose result is clone3's cgroup, or -1 */
	uint32_t view;		  /* offset in data of its directories' addresses (view.h); 0: no files of its own */
	uint32_t view_version;	  /* 1 or 2 */
	uint64_t clone_flags;
	uint32_t view_uid, view_gid; /* whose the files are */
	uint64_t view_since;	  /* seconds after the host's start that its time begins */
	uint32_t reply_bytes;	  /* of the reply area (steps.c) */
	uint32_t reserved;
	/* struct step parent[], struct step child[], uint32_t relocation[], padding to 8, data */
};

struct plan {
	struct plan_header *header;
	struct step *parent;
	struct step *child;
	char *data;
	size_t bytes;
};

/* Added to the size of a plan that is kept for the end (steps.c). */
#define PLAN_WILL (1u << 31)

/* What a failing child writes to its parent; step has FAILED_LATE added where it is a late one. Of FORKED no step has
 * failed: error is the pid of the process that goes on. */
#define FAILED_LATE (1 << 30)
#define FORKED INT32_MAX
struct failure {
	int32_t step;
	int32_t error;
};

/* Where calls leave what is sent back: as large as the largest plan, or NULL where nothing is. */
extern char *plan_reply;

/* Reads that much of a plan, or of what stands before it. False: the other side is gone, or cannot be read from. */
bool plan_read(int fd, void *into, size_t size);

/* Checks a received plan and fills *plan. Returns 0, or -1 if its numbers do not add up. */
int plan_open(struct plan *plan, void *bytes, size_t size);

/* Runs the parent's steps. Returns 0, or -1 with *failure filled in. */
int plan_run_parent(const struct plan *plan, struct failure *failure);

/* Runs the child's steps in this process, which goes on afterwards. *results: what each returned, up to one that failed; failure->step
 * is -1 where none did. */
void plan_run_here(const struct plan *plan, int64_t *results, struct failure *failure);

/* The descriptor for clone3's cgroup argument, or -1. */
int plan_cgroup(const struct plan *plan);

/* Runs the child's steps; does not return. Failures go to error_fd as a struct failure. Of the descriptors from 3 on only
 * those two and first to last, which the plan knows, are left before the first step: a path that is looked up in a hostile
 * root may lead through /proc/self/fd. */
_Noreturn void plan_run_child(const struct plan *plan, int go_fd, int error_fd, unsigned first, unsigned last);

#endif
