/* /proc/meminfo of the container: a FUSE file system whose root is a regular file. */
#ifndef MEMINFO_H
#define MEMINFO_H

#include <sys/types.h>

/* fuse is an open /dev/fuse whose mount has a regular file as its root, of that owner; cgroup the folder of the container's
 * memory group (it must stay valid), version 1 or 2. */
void meminfo_open(int fuse, const char *cgroup, unsigned version, uid_t uid, gid_t gid);

/* Answers the requests that are waiting. Returns 0, or -1 when the file system was unmounted for good. */
int meminfo_serve(void);

#endif
