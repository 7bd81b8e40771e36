/* Descriptors of other processes. */
#ifndef DESCRIPTOR_H
#define DESCRIPTOR_H

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* A copy of descriptor fd of process pid, whose pidfd *owner becomes, or -1: either has gone, or the host forbids it
 * (pidfd_getfd(2)). */
static inline int descriptor_of(pid_t pid, int fd, int *owner)
{
	*owner = (int)syscall(SYS_pidfd_open, pid, 0);
	if (*owner < 0)
		return -1;
	int copy = (int)syscall(SYS_pidfd_getfd, *owner, fd, 0);
	if (copy < 0)
		close(*owner);
	return copy;
}

#endif
