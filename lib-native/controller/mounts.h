/* Errands about the file systems of a running container: see errand.c. */
#ifndef MOUNTS_H
#define MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

/* A mount namespace; or, with `users`, that and the user namespace of the process behind a pidfd. Whoever enters becomes root there:
 * what it makes is made with no more rights than the container's own root has. */
struct entrance {
	int namespaces;
	bool users;
};

/* Each returns 0, or an errno. */
int attach_mount(struct entrance to, int mount, const char *target);
/* Says the mount's number on standard output. */
int bind_mount(struct entrance to, const char *source, const char *target, bool readonly);
int detach_mount(struct entrance from, const char *target, uint64_t id);
int detach_bound(struct entrance from, const char *target, const char *source);
int revoke_mount(int mount);

#endif
