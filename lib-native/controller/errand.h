/* Errands: see errand.c. */
#ifndef ERRAND_H
#define ERRAND_H

/* Does what the words say; returns the exit status: 0, or an errno. */
int errand(int words, char **word);

#endif
