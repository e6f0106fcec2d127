#ifndef FPGA_TF_EINSUM_H_
#define FPGA_TF_EINSUM_H_

// Sums of products of two arrays, all at once; every sum is exact, then converted once, into out_T:
//   einsum        y[i][r][o] = sum_c a[i][r][c] * b[i][o][c]
//   einsum_dense  y[i][r][o] = sum_c x[i][r][c] * weight[i][o][c] + bias[i][r][o]
// i goes over the axes that both operands and the result have, c over those that are summed, r and o over those of one
// operand. Where a value stands in its array the configuration says: left_at(i, r, c), right_at(i, o, c),
// out_at(i, r, o) and bias_at(i, r, o). Loops unroll, so that these are numbers to the HLS compiler.

#include "convert.h"

namespace fpga_tf {

struct einsum_config {
    static const unsigned n_inplace = 1;
    static const unsigned n_left = 1;
    static const unsigned n_right = 1;
    static const unsigned n_contract = 1;
};
struct einsum_dense_config : einsum_config {};

// A sum: the digits before the point that accum_t has, and every one behind it.
template <class accum_T, int FRACTION> struct exact_sum {
    static const int integer_bits = number<accum_T>::integer_bits + (number<accum_T>::is_signed ? 0 : 1);
    static const int fraction = number<accum_T>::fraction > FRACTION ? number<accum_T>::fraction : FRACTION;
    typedef ap_fixed<integer_bits + fraction, integer_bits> type;
};

template <class T, bool NATIVE> struct factor_of {
    typedef ap_int<code_width<T>::value> type;
};
template <class T> struct factor_of<T, true> {
    typedef code<T> type;
};
// A code that is to be multiplied: a machine integer only if the product fits in one.
template <class T, class other_T>
using factor = typename factor_of<T, (code_width<T>::value + code_width<other_T>::value <= 64)>::type;

// A code with UP zeros behind it.
template <int UP> long long raised(long long sum) {
    #pragma HLS INLINE
    return sum * (1LL << UP);
}
template <int UP, int W> ap_int<W> raised(const ap_int<W> &sum) {
    #pragma HLS INLINE
    return sum << UP;
}

// One output's sum, with the fraction of its products.
template <typename CONFIG_T, class sum_T, class a_T, class b_T>
sum_T sum_of_products(unsigned i, unsigned r, unsigned o, const a_T *a, const b_T *b) {
    #pragma HLS INLINE
    sum_T sum = 0;
    for (unsigned c = 0; c < CONFIG_T::n_contract; c++) {
        #pragma HLS UNROLL
        const factor<a_T, b_T> left = code_of(a[CONFIG_T::left_at(i, r, c)]);
        const factor<b_T, a_T> right = code_of(b[CONFIG_T::right_at(i, o, c)]);
        sum += product(left, right);
    }
    return sum;
}

template <class a_T, class b_T, class out_T, typename CONFIG_T> void einsum(const a_T *a, const b_T *b, out_T *y) {
    #pragma HLS INLINE
    const int fraction = number<a_T>::fraction + number<b_T>::fraction;
    typedef typename exact_sum<typename CONFIG_T::accum_t, fraction>::type exact_T;
    typedef integer<number<exact_T>::width> sum_t;
    const int up = number<exact_T>::fraction - fraction;
    for (unsigned i = 0; i < CONFIG_T::n_inplace; i++) {
        #pragma HLS UNROLL
        for (unsigned r = 0; r < CONFIG_T::n_left; r++) {
            #pragma HLS UNROLL
            for (unsigned o = 0; o < CONFIG_T::n_right; o++) {
                #pragma HLS UNROLL
                const sum_t sum = raised<up>(sum_of_products<CONFIG_T, sum_t>(i, r, o, a, b));
                y[CONFIG_T::out_at(i, r, o)] = converted<out_T, exact_T>(sum);
            }
        }
    }
}

template <class x_T, class out_T, typename CONFIG_T>
void einsum_dense(const x_T *x, out_T *y, const typename CONFIG_T::weight_t *weight,
                  const typename CONFIG_T::bias_t *bias) {
    #pragma HLS INLINE
    typedef typename CONFIG_T::weight_t weight_t;
    typedef typename CONFIG_T::bias_t bias_t;
    const int fraction = number<x_T>::fraction + number<weight_t>::fraction;
    const int finest = fraction > number<bias_t>::fraction ? fraction : number<bias_t>::fraction;
    typedef typename exact_sum<typename CONFIG_T::accum_t, finest>::type exact_T;
    typedef integer<number<exact_T>::width> sum_t;
    const int up = number<exact_T>::fraction - fraction;
    const int bias_up = number<exact_T>::fraction - number<bias_t>::fraction;
    for (unsigned i = 0; i < CONFIG_T::n_inplace; i++) {
        #pragma HLS UNROLL
        for (unsigned r = 0; r < CONFIG_T::n_left; r++) {
            #pragma HLS UNROLL
            for (unsigned o = 0; o < CONFIG_T::n_right; o++) {
                #pragma HLS UNROLL
                sum_t sum = raised<bias_up>(sum_t(code_of(bias[CONFIG_T::bias_at(i, r, o)])));
                sum += raised<up>(sum_of_products<CONFIG_T, sum_t>(i, r, o, x, weight));
                y[CONFIG_T::out_at(i, r, o)] = converted<out_T, exact_T>(sum);
            }
        }
    }
}

} // namespace fpga_tf

#endif
