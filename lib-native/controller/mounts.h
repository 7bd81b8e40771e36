/* Errands about the file systems of a running container: see errand.c. */
#ifndef MOUNTS_H
#define MOUNTS_H

#include <stdbool.h>

/* A mount namespace; or, with `users`, that and the user namespace of the process behind a pidfd. Whoever enters becomes root there:
 * what it makes is made with no more rights than the container's own root has. */
struct entrance {
	int namespaces;
	bool users;
};

/* Each returns 0, or an errno. */
int attach_mount(struct entrance to, int mount, const char *target);
int bind_mount(struct entrance to, const char *source, const char *target, bool readonly);
int detach_mount(struct entrance from, const char *target, const char *kind, int source, const char *bound);
int revoke_mount(int mount);

#endif
