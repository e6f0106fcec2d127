#ifndef CHECK_H_
#define CHECK_H_

#include <cstdio>
#include <cstdlib>

// Ends the testbench with the line that failed.
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                       \
            std::exit(1);                                                                                              \
        }                                                                                                              \
    } while (0)

#endif
