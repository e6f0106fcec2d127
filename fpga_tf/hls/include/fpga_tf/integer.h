#ifndef FPGA_TF_INTEGER_H_
#define FPGA_TF_INTEGER_H_

// Exact sums on the integer codes of fixed-point values.
//
// An `integer<W>` holds W bits with sign. The HLS compiler gets ap_int<W>; the C-simulation a machine integer, which is
// the same number as long as it fits, and W says that it does. Compiled with FPGA_TF_AP_SUMS the C-simulation has
// ap_int<W> too: tests compare the two.

#include "ap_fixed.h"
#include "ap_int.h"

namespace fpga_tf {

#if defined(__SYNTHESIS__) || defined(FPGA_TF_AP_SUMS)
template <int W, bool NATIVE> struct integer_of {
    typedef ap_int<W> type;
};
#else
template <int W, bool NATIVE> struct integer_of {
    typedef ap_int<W> type;
};
template <int W> struct integer_of<W, true> {
    typedef long long type;
};
#endif
template <int W> using integer = typename integer_of<W, (W <= 64)>::type;

// Width, digits before the point (the sign among them) and sign of a type.
template <class T> struct number;
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> struct number<ap_fixed<W, I, Q, O, N>> {
    static const int width = W, integer_bits = I, fraction = W - I;
    static const bool is_signed = true;
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> struct number<ap_ufixed<W, I, Q, O, N>> {
    static const int width = W, integer_bits = I, fraction = W - I;
    static const bool is_signed = false;
};
template <int W> struct number<ap_int<W>> {
    static const int width = W, integer_bits = W, fraction = 0;
    static const bool is_signed = true;
};
template <int W> struct number<ap_uint<W>> {
    static const int width = W, integer_bits = W, fraction = 0;
    static const bool is_signed = false;
};

// Bits that hold every code of T with a sign.
template <class T> struct code_width {
    static const int value = number<T>::width + (number<T>::is_signed ? 0 : 1);
};
template <class T> using code = integer<code_width<T>::value>;

// How a code is read from a value and becomes one again.
template <class T, bool SIGNED, bool NATIVE> struct coder {
    static code<T> read(const T &x) {
        #pragma HLS INLINE
        ap_uint<number<T>::width> bits;
        bits.range(number<T>::width - 1, 0) = x.range(number<T>::width - 1, 0);
        return code<T>(bits);
    }
};
template <class T> struct coder<T, true, false> {
    static code<T> read(const T &x) {
        #pragma HLS INLINE
        ap_int<number<T>::width> bits;
        bits.range(number<T>::width - 1, 0) = x.range(number<T>::width - 1, 0);
        return code<T>(bits);
    }
};
template <class T, class sum_T, bool NATIVE> struct decoder {
    static T make(const sum_T &sum) {
        #pragma HLS INLINE
        const int W = number<T>::width;
        const ap_int<W + 1> bits = sum;
        T value;
        value.range(W - 1, 0) = bits.range(W - 1, 0);
        return value;
    }
};

#if defined(__SYNTHESIS__) || defined(FPGA_TF_AP_SUMS)
template <class T> struct is_native {
    static const bool value = false;
};
#else
template <class T> struct is_native {
    static const bool value = code_width<T>::value <= 64;
};
// A machine integer, straight from and to what holds the bits: many times faster than ranges.
template <class T, bool SIGNED> struct coder<T, SIGNED, true> {
    static long long read(const T &x) { return static_cast<long long>(x.V); }
};
template <class T> struct decoder<T, long long, true> {
    static T make(long long sum) {
        T value;
        value.V = sum;
        return value;
    }
};
#endif

// The integer code of a value: value * 2**fraction.
template <class T> code<T> code_of(const T &x) {
    #pragma HLS INLINE
    return coder<T, number<T>::is_signed, is_native<T>::value>::read(x);
}

// The value of an exact sum: `sum * 2**-fraction` of exact_T, which holds it.
template <class exact_T, class sum_T> exact_T value_of(const sum_T &sum) {
    #pragma HLS INLINE
    return decoder<exact_T, sum_T, is_native<exact_T>::value>::make(sum);
}

// A product as wide as its factors need.
inline long long product(long long a, long long b) {
    #pragma HLS INLINE
    return a * b;
}
template <int B> long long product(long long a, const ap_int<B> &b) {
    #pragma HLS INLINE
    return a * b.to_int64();
}
template <int B> long long product(long long a, const ap_uint<B> &b) {
    #pragma HLS INLINE
    return a * b.to_int64();
}
template <int A, int B> ap_int<A + B> product(const ap_int<A> &a, const ap_uint<B> &b) {
    #pragma HLS INLINE
    return a * b;
}
template <int A, int B> ap_int<A + B> product(const ap_int<A> &a, const ap_int<B> &b) {
    #pragma HLS INLINE
    return a * b;
}

} // namespace fpga_tf

#endif
