/* Consoles: a pty inside the container joined to a pty of the host, for as long as the container lives. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONSOLE_MAX 16
#define CONSOLE_POLL_FDS (4 * CONSOLE_MAX + 1)

/* Joins guest (master of the container's pty) and host (master of the host's pty, whose slave is host_path).
 * Returns 0, or -1: too many. */
int console_add(int guest, int host, const char *host_path);

/* From now on output of a console goes to descriptor fd of process pid (non-blocking), until that process ends. */
void console_offer(size_t index, pid_t pid, int fd);

/* Output of a console goes to the host's pty again. */
void console_withdraw(size_t index);

/* Fills in what to wait for; returns how many entries. *timeout_ms is lowered where a stalled reader must be given up. */
size_t console_prepare(struct pollfd *fds, int *timeout_ms);

/* Moves bytes, after a poll of what console_prepare asked for. */
void console_pump(const struct pollfd *fds, size_t count);

/* The container is gone: passes on what it wrote last, for at most 300 ms while somebody is reading. */
void console_finish(void);

#endif
