#ifndef FPGA_TF_HGQ_SOFTMAX_H_
#define FPGA_TF_HGQ_SOFTMAX_H_

// HGQ2's softmax over rows of n_slice scores:
//   d_j = normal_t(max(x) - x_j),  e_j = E[bits of d_j],  s = entry_t(sum(e_j)),  y_j = e_j * R[bits of s]
// Without max-subtraction e_j = E[bits of x_j]. What has no address bits is always looked up at entry 0. Both tables
// hold integer codes. Everything before the conversions into normal_t, entry_t and out_T is exact.

#include "softmax.h"

namespace fpga_tf {

struct hgq_softmax_config {
    static const unsigned n_outer = 1;
    static const unsigned n_slice = 1;
    static const unsigned n_inner = 1;
    static const bool stable = true;
};

// The bits of a value as an address of W bits, 0 if there are none.
template <unsigned W, class T> unsigned address_of(const T &x) {
    #pragma HLS INLINE
    if (W == 0) {
        return 0;
    }
    const ap_uint<(W > 0 ? W : 1)> bits = x.range((W > 0 ? W : 1) - 1, 0);
    return bits.to_uint();
}

template <class in_T, class out_T, typename CONFIG_T>
void hgq_softmax_row(const in_T x[CONFIG_T::n_slice], out_T y[CONFIG_T::n_slice],
                     const typename CONFIG_T::exp_table_t exp_table[CONFIG_T::n_exp],
                     const typename CONFIG_T::inverse_table_t inverse_table[CONFIG_T::n_inverse]) {
    #pragma HLS INLINE
    typedef ap_uint<CONFIG_T::total_bits> sum_t;
    const unsigned N = CONFIG_T::n_slice;

    in_T candidate[N];
    sum_t e[N], partial[N];
    #pragma HLS ARRAY_PARTITION variable = candidate complete
    #pragma HLS ARRAY_PARTITION variable = e complete
    #pragma HLS ARRAY_PARTITION variable = partial complete
    for (unsigned j = 0; j < N; j++) {
        #pragma HLS UNROLL
        candidate[j] = x[j];
    }
    const in_T largest = tree_max<in_T, N>(candidate);
    for (unsigned j = 0; j < N; j++) {
        #pragma HLS UNROLL
        const typename CONFIG_T::span_t below = largest - x[j];
        const typename CONFIG_T::normal_t d = CONFIG_T::stable ? assigned<typename CONFIG_T::normal_t>(below)
                                                               : assigned<typename CONFIG_T::normal_t>(x[j]);
        e[j] = exp_table[address_of<CONFIG_T::exp_address_bits>(d)];
        partial[j] = e[j];
    }
    typename CONFIG_T::total_t total;
    total.range(CONFIG_T::total_bits - 1, 0) = tree_sum<sum_t, N>(partial).range(CONFIG_T::total_bits - 1, 0);
    const typename CONFIG_T::entry_t s = assigned<typename CONFIG_T::entry_t>(total);
    const typename CONFIG_T::product_t inverse = inverse_table[address_of<CONFIG_T::inverse_address_bits>(s)];
    for (unsigned j = 0; j < N; j++) {
        #pragma HLS UNROLL
        const typename CONFIG_T::product_t product = e[j] * inverse;
        typename CONFIG_T::weight_t weight;
        weight.range(CONFIG_T::product_bits - 1, 0) = product.range(CONFIG_T::product_bits - 1, 0);
        y[j] = assigned<out_T>(weight);
    }
}

template <class in_T, class out_T, typename CONFIG_T>
void hgq_softmax(const in_T x[CONFIG_T::n_outer * CONFIG_T::n_slice * CONFIG_T::n_inner],
                 out_T y[CONFIG_T::n_outer * CONFIG_T::n_slice * CONFIG_T::n_inner],
                 const typename CONFIG_T::exp_table_t exp_table[CONFIG_T::n_exp],
                 const typename CONFIG_T::inverse_table_t inverse_table[CONFIG_T::n_inverse]) {
    #pragma HLS INLINE
    for (unsigned o = 0; o < CONFIG_T::n_outer; o++) {
        #pragma HLS UNROLL
        for (unsigned i = 0; i < CONFIG_T::n_inner; i++) {
            #pragma HLS UNROLL
            in_T row[CONFIG_T::n_slice];
            out_T made[CONFIG_T::n_slice];
            #pragma HLS ARRAY_PARTITION variable = row complete
            #pragma HLS ARRAY_PARTITION variable = made complete
            for (unsigned j = 0; j < CONFIG_T::n_slice; j++) {
                #pragma HLS UNROLL
                row[j] = x[(o * CONFIG_T::n_slice + j) * CONFIG_T::n_inner + i];
            }
            hgq_softmax_row<in_T, out_T, CONFIG_T>(row, made, exp_table, inverse_table);
            for (unsigned j = 0; j < CONFIG_T::n_slice; j++) {
                #pragma HLS UNROLL
                y[(o * CONFIG_T::n_slice + j) * CONFIG_T::n_inner + i] = made[j];
            }
        }
    }
}

} // namespace fpga_tf

#endif
