#ifndef CODES_H_
#define CODES_H_

#include "streams.h"

// Drawn codes for testbenches, the same on every run.

// Whether processes run all at once, where there are threads.
inline void run_at_once(bool yes) {
#ifdef __SYNTHESIS__
    (void)yes;
#else
    fpga_tf::concurrent() = yes;
#endif
}

// The next code of a few bits with sign, from a linear congruential generator.
inline int draw(int bits) {
    static unsigned state = 1;
    state = state * 1664525u + 1013904223u;
    return static_cast<int>(state) >> (32 - bits);
}

// sum / 2**drop, rounded half to even, then saturated into `bits` bits with sign.
inline int rounded(int sum, int drop, int bits) {
    const long long most = (1LL << (bits - 1)) - 1;
    return static_cast<int>(clamped(half_even(sum, drop), -most - 1, most));
}

// Writes rows of codes.
template <class S, unsigned R, unsigned N> void feed(S &x, const int (&codes)[R][N]) {
    for (const int(&row)[N] : codes) {
        fpga_tf::element_of<S> given;
        for (unsigned i = 0; i < N; i++) {
            given[i] = coded<typename fpga_tf::element_of<S>::value_type>(row[i]);
        }
        x.write(given);
    }
}

// Fills rows with codes of a few bits.
template <unsigned R, unsigned N> void fill(int (&codes)[R][N], int bits) {
    for (int(&row)[N] : codes) {
        for (int &code : row) {
            code = draw(bits);
        }
    }
}

#endif
