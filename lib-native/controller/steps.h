/* Plans in an existing process: see steps.c. */
#ifndef STEPS_H
#define STEPS_H

/* Runs one plan after the other, as they come on descriptor 0; closes its descriptors from `first` on before. Returns the exit
 * status: 0, or an errno. */
int steps(unsigned first);

#endif
