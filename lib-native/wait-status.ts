// What a wait status says (wait(2)).

/** The signal that ended the process; 0: none did. */
export const termSignal = (status: number): number => status & 0x7f;

/** Of a process that no signal ended. */
export const exitCode = (status: number): number => (status >> 8) & 0xff;
