#ifndef FPGA_TF_LAYER_NORM_H_
#define FPGA_TF_LAYER_NORM_H_

// Layer normalisation of rows of n_slice values, each stage rounded once, into its own type:
//   m   = sum(x) / n_slice                     mean_t
//   d_j = x_j - m                              deviation_t
//   v   = sum(d_j * d_j) / n_slice             variance_t
//   r   = R[top bits of u] * 2**-k             inverse_t; v + epsilon = u * 4**k with u in [1, 4)
//   y_j = d_j * r * gamma_j + beta_j           out_T
// Everything before a conversion is exact. The root's argument is v with `guard` more bits, plus epsilon_code; it is
// never zero. Its leading pair of bits is brought to the top, and the root shifted back by half as many bits.

#include "convert.h"
#include "mean.h"

namespace fpga_tf {

struct layer_norm_config {
    static const unsigned n_outer = 1;
    static const unsigned n_slice = 1;
};

// What mean.h needs, of the values and of the squares of their deviations.
template <typename CONFIG_T> struct values_mean {
    static const unsigned n_rows = CONFIG_T::n_slice;
    static const unsigned n_channels = 1;
    static const unsigned sum_bits = CONFIG_T::mean_sum_bits;
    static const unsigned num_bits = CONFIG_T::mean_num_bits;
    static const unsigned wide_bits = CONFIG_T::mean_wide_bits;
    static const unsigned up = CONFIG_T::mean_up;
    static const long long den = CONFIG_T::mean_den;
    static const long long offset = CONFIG_T::mean_offset;
    static const unsigned long long magic = CONFIG_T::mean_magic;
    static const unsigned shift = CONFIG_T::mean_shift;
    static const bool nearest = CONFIG_T::mean_nearest;
    static const bool ties_to_even = CONFIG_T::mean_nearest;
    typedef typename CONFIG_T::mean_sum_t accum_t;
    typedef typename CONFIG_T::mean_moved_t moved_t;
    typedef typename CONFIG_T::mean_rounded_t rounded_t;
};

template <typename CONFIG_T> struct squares_mean {
    static const unsigned n_rows = CONFIG_T::n_slice;
    static const unsigned n_channels = 1;
    static const unsigned sum_bits = CONFIG_T::variance_sum_bits;
    static const unsigned num_bits = CONFIG_T::variance_num_bits;
    static const unsigned wide_bits = CONFIG_T::variance_wide_bits;
    static const unsigned up = CONFIG_T::variance_up;
    static const long long den = CONFIG_T::variance_den;
    static const long long offset = CONFIG_T::variance_offset;
    static const unsigned long long magic = CONFIG_T::variance_magic;
    static const unsigned shift = CONFIG_T::variance_shift;
    static const bool nearest = CONFIG_T::variance_nearest;
    static const bool ties_to_even = CONFIG_T::variance_nearest;
    typedef typename CONFIG_T::variance_sum_t accum_t;
    typedef typename CONFIG_T::variance_moved_t moved_t;
    typedef typename CONFIG_T::variance_rounded_t rounded_t;
};

// A division by a power of two only moves the point; any other is that of mean.h.
template <class in_T, class out_T, typename MEAN_T> void row_mean(const in_T x[MEAN_T::n_rows], out_T y[1]) {
    #pragma HLS INLINE
    if ((MEAN_T::n_rows & (MEAN_T::n_rows - 1)) != 0) {
        mean<in_T, out_T, MEAN_T>(x, y);
        return;
    }
    typename MEAN_T::accum_t sum = 0;
    for (unsigned j = 0; j < MEAN_T::n_rows; j++) {
        #pragma HLS UNROLL
        sum += x[j];
    }
    typename MEAN_T::moved_t moved;
    moved.range(MEAN_T::sum_bits - 1, 0) = sum.range(MEAN_T::sum_bits - 1, 0);
    y[0] = assigned<out_T>(moved);
}

template <typename CONFIG_T>
typename CONFIG_T::inverse_t inverse_root(const typename CONFIG_T::variance_t &variance,
                                          const typename CONFIG_T::root_table_t root_table[CONFIG_T::n_roots]) {
    #pragma HLS INLINE
    const unsigned top = 2 * CONFIG_T::half + 1; // highest bit of the argument
    ap_uint<top + 1> argument = 0;
    argument.range(CONFIG_T::variance_bits - 1, 0) = variance.range(CONFIG_T::variance_bits - 1, 0);
    argument = (argument << CONFIG_T::guard) + ap_uint<top + 1>(CONFIG_T::epsilon_code);
    ap_uint<8> gap = CONFIG_T::half;
    for (unsigned p = 1; p <= CONFIG_T::half; p++) {
        #pragma HLS UNROLL
        if (argument[2 * p] || argument[2 * p + 1]) {
            gap = CONFIG_T::half - p;
        }
    }
    const ap_uint<9> twice = ap_uint<9>(gap) << 1;
    const ap_uint<top + 1> normal = argument << twice;
    // the bits below the leading pair, with zeros appended where the argument has fewer than the address
    ap_uint<top + 1 + CONFIG_T::address_bits> whole = 0;
    whole.range(top + CONFIG_T::address_bits, CONFIG_T::address_bits) = normal.range(top, 0);
    const ap_uint<CONFIG_T::address_bits + 2> upper = whole.range(top + CONFIG_T::address_bits, top - 1);
    const ap_uint<CONFIG_T::address_bits + 2> one = 1u << CONFIG_T::address_bits;
    const ap_uint<CONFIG_T::address_bits + 2> place = upper - one;
    const ap_uint<CONFIG_T::root_bits> mantissa = root_table[place];
    const ap_uint<CONFIG_T::root_bits> shifted = mantissa << gap;
    typename CONFIG_T::root_t root;
    root.range(CONFIG_T::root_bits - 1, 0) = shifted.range(CONFIG_T::root_bits - 1, 0);
    return root;
}

template <class in_T, class out_T, typename CONFIG_T>
void layer_norm_row(const in_T x[CONFIG_T::n_slice], out_T y[CONFIG_T::n_slice],
                    const typename CONFIG_T::gamma_t gamma[CONFIG_T::n_slice],
                    const typename CONFIG_T::beta_t beta[CONFIG_T::n_slice],
                    const typename CONFIG_T::root_table_t root_table[CONFIG_T::n_roots]) {
    #pragma HLS INLINE
    const unsigned N = CONFIG_T::n_slice;
    typename CONFIG_T::deviation_t deviation[N];
    typename CONFIG_T::square_t square[N];
    typename CONFIG_T::mean_t mean[1];
    typename CONFIG_T::variance_t variance[1];
    #pragma HLS ARRAY_PARTITION variable = deviation complete
    #pragma HLS ARRAY_PARTITION variable = square complete
    row_mean<in_T, typename CONFIG_T::mean_t, values_mean<CONFIG_T>>(x, mean);
    for (unsigned j = 0; j < N; j++) {
        #pragma HLS UNROLL
        deviation[j] = assigned<typename CONFIG_T::deviation_t>(x[j] - mean[0]);
        square[j] = deviation[j] * deviation[j];
    }
    row_mean<typename CONFIG_T::square_t, typename CONFIG_T::variance_t, squares_mean<CONFIG_T>>(square, variance);
    const typename CONFIG_T::inverse_t inverse = inverse_root<CONFIG_T>(variance[0], root_table);
    for (unsigned j = 0; j < N; j++) {
        #pragma HLS UNROLL
        typename CONFIG_T::accum_t sum = deviation[j] * inverse * gamma[j];
        sum += beta[j];
        y[j] = assigned<out_T>(sum);
    }
}

template <class in_T, class out_T, typename CONFIG_T>
void layer_norm(const in_T x[CONFIG_T::n_outer * CONFIG_T::n_slice], out_T y[CONFIG_T::n_outer * CONFIG_T::n_slice],
                const typename CONFIG_T::gamma_t gamma[CONFIG_T::n_slice],
                const typename CONFIG_T::beta_t beta[CONFIG_T::n_slice],
                const typename CONFIG_T::root_table_t root_table[CONFIG_T::n_roots]) {
    #pragma HLS INLINE
    const unsigned N = CONFIG_T::n_slice;
    for (unsigned o = 0; o < CONFIG_T::n_outer; o++) {
        #pragma HLS UNROLL
        in_T values[N];
        out_T result[N];
        #pragma HLS ARRAY_PARTITION variable = values complete
        #pragma HLS ARRAY_PARTITION variable = result complete
        for (unsigned j = 0; j < N; j++) {
            #pragma HLS UNROLL
            values[j] = x[o * N + j];
        }
        layer_norm_row<in_T, out_T, CONFIG_T>(values, result, gamma, beta, root_table);
        for (unsigned j = 0; j < N; j++) {
            #pragma HLS UNROLL
            y[o * N + j] = result[j];
        }
    }
}

} // namespace fpga_tf

#endif
