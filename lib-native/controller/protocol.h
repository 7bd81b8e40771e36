/* What virsh-lxc and libvirt_lxc say to each other. lib-native/protocol.ts has the same by the same names
 * (test/unit/lib-native/protocol.test.ts); main.c draws the conversation. A container's controller may be older than the
 * command that talks to it: what stands here does not change its meaning. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdint.h>

/* Names of the controller (15 letters at most): while its container runs, before and after that, and of who runs an errand. */
#define IN_SERVICE "libvirt_lxc"
#define STARTING "libvirt_lxc new"
#define ENDING "libvirt_lxc end"
#define ON_ERRAND "libvirt_lxc ask"

/* Control socket, from virsh-lxc: the size of the plan (4 bytes), the plan, then bytes: it starts paused, it goes on. */
#define ORDER_PAUSED 'P'
#define ORDER_GO 'G'

/* Control socket, from the controller. */
enum message_kind { CLONED = 1, READY = 2, FAILED = 3, EXITED = 4 };
#define MESSAGE_BYTES 12
struct message {
	uint32_t kind;
	int32_t a, b;
};

/* In place of a step in FAILED: clone3 failed, and what comes before the plan (too few descriptors for the consoles, say). */
#define CLONE_FAILED INT32_MIN
#define NOT_READY (INT32_MIN + 1)

/* In place of a wait status: of an init that never was, of one that was ended with whoever had it autodestroyed, and of one
 * that goes on. */
#define ABANDONED (-1)
#define OWNER_GONE (-2)
#define STILL_RUNNING (-3)

/* On-exit's last word but the status: this descriptor closes when whoever had the container autodestroyed has gone. */
#define OWNER_WORD "--owner"
#define OWNER_FD 3

/* Real-time signals: they are queued, with their values and senders, and the runtime, which this process becomes in the end, has
 * no meaning of its own for them. OFFER's value is console << 16 | descriptor of the sender's, or one of the two below. */
#define OFFER_SIGNAL 40
#define STAND_DOWN_SIGNAL 41
#define STAND_UP_SIGNAL 42
#define WITHDRAW 0xffff
#define RESIZE 0xfffe

#endif
