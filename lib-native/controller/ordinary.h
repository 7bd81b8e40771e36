#ifndef ORDINARY_H
#define ORDINARY_H

#include <stdbool.h>

void be_ordinary(bool keeps_modesty);

#endif
