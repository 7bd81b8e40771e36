#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

/* A descriptor (O_PATH) of the directory, or of what is not one, at `path`; both it and the directories above it are made if
 * they are missing. -1 and errno: ENOTDIR, EISDIR for what is of the other kind, ELOOP, and what making them fails with. */
int make_target(const char *path, bool directory);

/* The same of whatever is there; nothing is made. */
int find_target(const char *path);

#endif
