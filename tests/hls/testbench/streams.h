#ifndef STREAMS_H_
#define STREAMS_H_

// What testbenches of row kernels share: both ways of running processes, and plain integers for the expected values.

#include <cmath>

#include "fpga_tf/fifo.h"
#include "fpga_tf/integer.h"

// One process after the other; then all at once, where there are threads.
template <class F> void both_ways(F run) {
#ifdef __SYNTHESIS__
    run(false);
#else
    for (bool concurrent : {false, true}) {
        fpga_tf::concurrent() = concurrent;
        run(concurrent);
    }
    fpga_tf::concurrent() = false;
#endif
}

template <class T> T coded(long long code) {
    T value;
    value.range(fpga_tf::number<T>::width - 1, 0) = ap_uint<fpga_tf::number<T>::width>(code);
    return value;
}

// By way of doubles, which hold every code of a testbench.
template <class T> long long code(const T &value) {
    return std::llround(std::ldexp(value.to_double(), fpga_tf::number<T>::fraction));
}

// The digit of n at `place`, as a signed number of three bits.
inline int digit(int n, unsigned place) { return (((n >> (3 * place)) & 7) ^ 4) - 4; }

// n / 2**drop, rounded half to even.
inline long long half_even(long long n, int drop) {
    const long long whole = n >> drop, rest = n - whole * (1LL << drop), half = (1LL << drop) / 2;
    return whole + (rest > half || (rest == half && whole % 2 != 0) ? 1 : 0);
}

inline long long clamped(long long n, long long low, long long high) { return n < low ? low : n > high ? high : n; }

#endif
