/* The FUSE file system that the container's files are in (view.h): its root a directory of regular files. */
#ifndef FUSE_H
#define FUSE_H

/* fuse is an open /dev/fuse whose mount has a directory as its root. */
void fuse_open(int fuse);

/* Answers the requests that are waiting. Returns 0, or -1 when the file system was unmounted for good. */
int fuse_serve(void);

#endif
