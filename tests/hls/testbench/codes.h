#ifndef CODES_H_
#define CODES_H_

#include "fpga_tf/fifo.h"

// Codes for testbenches, the same on every run, and conversions of sums in plain integers.

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

// sum / 2**drop to the nearest integer, ties to even, then into `bits` bits with sign, saturated.
inline int rounded(int sum, int drop, int bits) {
    const int step = 1 << drop, low = ((sum % step) + step) % step, floor = (sum - low) / step;
    const int nearest = floor + (2 * low > step || (2 * low == step && floor % 2 != 0) ? 1 : 0);
    const int most = (1 << (bits - 1)) - 1;
    return nearest > most ? most : nearest < -most - 1 ? -most - 1 : nearest;
}

// A value of T with this code.
template <class T> T coded(int code) {
    T x;
    for (int b = 0; b < x.width; b++) {
        x[b] = (code >> b) & 1;
    }
    return x;
}

// The code of a value with sign.
template <class T> int decoded(const T &x) {
    int code = x[x.width - 1] ? -1 : 0;
    for (int b = x.width - 2; b >= 0; b--) {
        code = 2 * code + (x[b] ? 1 : 0);
    }
    return code;
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
