// What the command and the controller say to each other: controller/protocol.h has the same by the same names, and controller/main.c
// draws the conversation. A container's controller may be older than the command: what stands here does not change its meaning.

/** Names of the controller: while its container runs, before and after that, and of who runs an errand. */
export const IN_SERVICE = 'libvirt_lxc';
export const STARTING = 'libvirt_lxc new';
export const ENDING = 'libvirt_lxc end';
export const ON_ERRAND = 'libvirt_lxc ask';

/** Control socket, to the controller, after the plan and its size: the container starts paused; the child may go on. */
export const ORDER_PAUSED = 'P';
export const ORDER_GO = 'G';

/** Control socket, from the controller: three numbers of 32 bits, of which this is the first. */
export const CLONED = 1;
export const READY = 2;
export const FAILED = 3;
export const EXITED = 4;
export const MESSAGE_BYTES = 12;

/** In place of a step, in FAILED: clone3, or what comes before the plan. */
export const CLONE_FAILED = -2147483648;
export const NOT_READY = CLONE_FAILED + 1;

/** In place of a wait status: a start was abandoned because its command died. Init was killed, but may not be dead: it may be frozen. */
export const ABANDONED = -1;
/** The owner of an autodestroyed domain has gone, or its controller was told to end it. */
export const OWNER_GONE = -2;
/** Init goes on: the answer to a STAND_UP. */
export const STILL_RUNNING = -3;

/** On-exit's last word but the status: this descriptor closes when the owner of an autodestroyed domain has gone. */
export const OWNER_WORD = '--owner';
export const OWNER_FD = 3;

/** A signal whose value says which console, and a descriptor of the sender's for its output, WITHDRAW or RESIZE. */
export const OFFER_SIGNAL = 40;
export const WITHDRAW = 0xffff;
/** The host's pty has another window size. */
export const RESIZE = 0xfffe;
/** No on-exit: who sends this clears up. With a value: a socket of the sender's, on which the controller says how init ended. */
export const STAND_DOWN_SIGNAL = 41;
/** On-exit is the controller's again. */
export const STAND_UP_SIGNAL = 42;
