/* Consoles: a pty inside the container joined to a pty of the host, for as long as the container lives. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Joins guest (master of the container's pty) and host (master of the host's pty). Returns 0, or -1 with errno set. */
int console_add(int guest, int host);

/* What comes from the container on the console that was added last goes into this file, too: see output-log.h. */
void console_log(int fd, int directory, const char *name);

/* And into the one of that name in this directory, with the time: src/store/console-record.ts reads it. */
void console_record(int directory, const char *name, off_t full, int files);

/* From now on output of a console goes to descriptor fd of process pid (non-blocking), until that process ends. */
void console_offer(size_t index, pid_t pid, int fd);

/* Output of a console goes to the host's pty again. */
void console_withdraw(size_t index);

/* Hands the window's size of a console's host pty on to the container's. */
void console_resize(size_t index);

/* How many entries console_prepare may fill in. */
size_t console_poll_max(void);

/* Fills in what to wait for; returns how many entries. *timeout_ms is lowered where a stalled reader must be given up. */
size_t console_prepare(struct pollfd *fds, int *timeout_ms);

/* Moves bytes, after a poll of what console_prepare asked for. */
void console_pump(void);

/* The container is gone: passes on what it wrote last, for at most 300 ms while somebody is reading. What nobody has read
 * then goes to standard error, the domain's log. */
void console_finish(void);

#endif
