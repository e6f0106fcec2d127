#ifndef FPGA_TF_CONVERT_H_
#define FPGA_TF_CONVERT_H_

// One conversion of an exact sum into a fixed-point type. The HLS compiler gets the assignment of ap_fixed. The
// C-simulation does the usual roundings and overflows on machine integers: the same values, many times faster.

#include "integer.h"

namespace fpga_tf {

// What a type does to a value that it does not hold.
template <class T> struct conversion_of {
    static const bool usual = false, saturates = false;
    static const ap_q_mode rounding = AP_TRN;
};
template <ap_q_mode Q, ap_o_mode O, int N> struct rounding_and_overflow {
    static const bool usual =
        (Q == AP_TRN || Q == AP_RND || Q == AP_RND_CONV) && (O == AP_SAT || O == AP_WRAP) && N == 0;
    static const bool saturates = O == AP_SAT;
    static const ap_q_mode rounding = Q;
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct conversion_of<ap_fixed<W, I, Q, O, N>> : rounding_and_overflow<Q, O, N> {};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct conversion_of<ap_ufixed<W, I, Q, O, N>> : rounding_and_overflow<Q, O, N> {};

template <int W, int I, bool SIGNED> struct fixed_of {
    typedef ap_fixed<W, I> type;
};
template <int W, int I> struct fixed_of<W, I, false> {
    typedef ap_ufixed<W, I> type;
};

// A value in the type out_T, by ap_fixed's assignment. That reads the first bit that it drops, beyond the value's own
// bits if the last bit of out_T lies above all of them: so there are bits enough.
template <class out_T, int W, int I, bool SIGNED, ap_q_mode Q, ap_o_mode O, int N>
out_T assigned(const ap_fixed_base<W, I, SIGNED, Q, O, N> &x) {
    #pragma HLS INLINE
    const int fraction = W - I, least = fraction - number<out_T>::fraction + 1;
    const int width = W > least ? W : least;
    return out_T(typename fixed_of<width, width - fraction, SIGNED>::type(x));
}

template <class out_T, class exact_T, class sum_T, bool FAST> struct converter {
    static out_T convert(const sum_T &sum) {
        #pragma HLS INLINE
        return assigned<out_T>(value_of<exact_T>(sum));
    }
};

#if defined(__SYNTHESIS__) || defined(FPGA_TF_AP_SUMS)
template <class out_T, class exact_T> struct is_fast {
    static const bool value = false;
};
#else
template <class out_T, class exact_T> struct is_fast {
    static const int drop = number<exact_T>::fraction - number<out_T>::fraction; // bits behind the last one kept
    static const bool value = conversion_of<out_T>::usual && number<out_T>::width <= 60 && drop <= 60 &&
                              number<exact_T>::width + (drop < 0 ? -drop : 0) <= 60;
};
template <class out_T, class exact_T> struct converter<out_T, exact_T, long long, true> {
    static out_T convert(long long sum) {
        typedef conversion_of<out_T> rule;
        const int drop = is_fast<out_T, exact_T>::drop, W = number<out_T>::width;
        const int up = drop < 0 ? -drop : 0, down = drop > 0 ? drop : 0;
        const long long half = down > 0 ? (1LL << down) >> 1 : 0;
        long long code = sum * (1LL << up);
        if (rule::rounding == AP_RND) {
            code += half;
        } else if (rule::rounding == AP_RND_CONV && down > 0) {
            code += half - 1 + ((code >> down) & 1);
        }
        code >>= down;
        if (rule::saturates) {
            const long long high = number<out_T>::is_signed ? (1LL << (W - 1)) - 1 : (1LL << W) - 1;
            const long long low = number<out_T>::is_signed ? -(1LL << (W - 1)) : 0;
            code = code < low ? low : code > high ? high : code;
        }
        return value_of<out_T>(code);
    }
};
#endif

// `sum * 2**-fraction` of exact_T, which holds it, in the type out_T.
template <class out_T, class exact_T, class sum_T> out_T converted(const sum_T &sum) {
    #pragma HLS INLINE
    return converter<out_T, exact_T, sum_T, is_fast<out_T, exact_T>::value>::convert(sum);
}

} // namespace fpga_tf

#endif
