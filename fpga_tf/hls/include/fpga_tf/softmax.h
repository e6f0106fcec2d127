#ifndef FPGA_TF_SOFTMAX_H_
#define FPGA_TF_SOFTMAX_H_

// Softmax over rows of n_slice scores:
//   d_j = max(x) - x_j,  e_j = E[min(d_j >> exp_shift, n_exp - 1)],  S = sum(e_j)
//   L = floor(log2(S)),  r = R[bits of S below its leading one] * 2**-L,  y_j = round(e_j * r)
// Without max-subtraction e_j = E[x_j]. Everything before the conversion into out_T is exact.
// A row without any score that counts gives zeros.

#include "convert.h"

namespace fpga_tf {

struct softmax_config {
    static const unsigned n_outer = 1;
    static const unsigned n_slice = 1;
    static const unsigned n_inner = 1;
    static const unsigned mask_period = 1;
    static const bool stable = true;
};

// Pairwise trees: a chain of n comparisons or additions would be n levels deep.
template <class T, unsigned N> T tree_max(T a[N]) {
    #pragma HLS INLINE
    for (unsigned stride = 1; stride < N; stride *= 2) {
        #pragma HLS UNROLL
        for (unsigned i = 0; i + stride < N; i += 2 * stride) {
            #pragma HLS UNROLL
            if (a[i + stride] > a[i]) {
                a[i] = a[i + stride];
            }
        }
    }
    return a[0];
}

template <class T, unsigned N> T tree_sum(T a[N]) {
    #pragma HLS INLINE
    for (unsigned stride = 1; stride < N; stride *= 2) {
        #pragma HLS UNROLL
        for (unsigned i = 0; i + stride < N; i += 2 * stride) {
            #pragma HLS UNROLL
            a[i] = a[i] + a[i + stride];
        }
    }
    return a[0];
}

template <class out_T, typename CONFIG_T>
void softmax_row(const ap_int<CONFIG_T::in_bits + 1> code[CONFIG_T::n_slice], const bool valid[CONFIG_T::n_slice],
                 out_T y[CONFIG_T::n_slice], const typename CONFIG_T::exp_table_t exp_table[CONFIG_T::n_exp],
                 const typename CONFIG_T::reciprocal_table_t reciprocal_table[CONFIG_T::n_reciprocal]) {
    #pragma HLS INLINE
    typedef ap_int<CONFIG_T::in_bits + 1> code_t;
    typedef ap_uint<CONFIG_T::lead + 1> sum_t;
    const unsigned N = CONFIG_T::n_slice;

    code_t candidate[N];
    sum_t e[N], partial[N];
    #pragma HLS ARRAY_PARTITION variable = candidate complete
    #pragma HLS ARRAY_PARTITION variable = e complete
    #pragma HLS ARRAY_PARTITION variable = partial complete
    for (unsigned j = 0; j < N; j++) {
        #pragma HLS UNROLL
        candidate[j] = valid[j] ? code[j] : code_t(CONFIG_T::lowest);
    }
    const code_t largest = tree_max<code_t, N>(candidate);
    for (unsigned j = 0; j < N; j++) {
        #pragma HLS UNROLL
        ap_uint<CONFIG_T::in_bits + 1> address;
        if (CONFIG_T::stable) {
            // a masked score may lie above the maximum; its entry is not used
            const ap_int<CONFIG_T::in_bits + 2> difference = largest - code[j];
            address = difference < 0 ? ap_uint<CONFIG_T::in_bits + 1>(0)
                                     : ap_uint<CONFIG_T::in_bits + 1>(difference >> CONFIG_T::exp_shift);
            if (address > CONFIG_T::n_exp - 1) {
                address = CONFIG_T::n_exp - 1;
            }
        } else {
            address = ap_uint<CONFIG_T::in_bits>(code[j].range(CONFIG_T::in_bits - 1, 0));
        }
        e[j] = valid[j] ? sum_t(exp_table[address]) : sum_t(0);
        partial[j] = e[j];
    }
    const sum_t total = tree_sum<sum_t, N>(partial);

    ap_uint<8> gap = CONFIG_T::lead;
    for (unsigned p = 1; p <= CONFIG_T::lead; p++) {
        #pragma HLS UNROLL
        if (total[p]) {
            gap = CONFIG_T::lead - p;
        }
    }
    const sum_t normal = total << gap;
    // the bits below the leading one, with zeros appended where the sum has fewer than the address
    ap_uint<CONFIG_T::lead + CONFIG_T::address_bits> below = 0;
    below.range(CONFIG_T::lead + CONFIG_T::address_bits - 1, CONFIG_T::address_bits) = normal.range(CONFIG_T::lead - 1, 0);
    const ap_uint<CONFIG_T::address_bits> part =
        below.range(CONFIG_T::lead + CONFIG_T::address_bits - 1, CONFIG_T::lead);
    const ap_uint<CONFIG_T::reciprocal_bits + CONFIG_T::lead> mantissa = reciprocal_table[part];
    const ap_uint<CONFIG_T::reciprocal_bits + CONFIG_T::lead> inverse = mantissa << gap;
    for (unsigned j = 0; j < N; j++) {
        #pragma HLS UNROLL
        const ap_uint<CONFIG_T::product_bits> product = e[j] * inverse;
        ap_ufixed<CONFIG_T::product_bits, CONFIG_T::product_bits - CONFIG_T::product_fraction> weight;
        weight.range(CONFIG_T::product_bits - 1, 0) = product.range(CONFIG_T::product_bits - 1, 0);
        y[j] = total == 0 ? out_T(0) : assigned<out_T>(weight);
    }
}

template <class in_T, class mask_T, class out_T, typename CONFIG_T>
void softmax_masked(const in_T x[CONFIG_T::n_outer * CONFIG_T::n_slice * CONFIG_T::n_inner],
                    const mask_T mask[CONFIG_T::mask_period],
                    out_T y[CONFIG_T::n_outer * CONFIG_T::n_slice * CONFIG_T::n_inner],
                    const typename CONFIG_T::exp_table_t exp_table[CONFIG_T::n_exp],
                    const typename CONFIG_T::reciprocal_table_t reciprocal_table[CONFIG_T::n_reciprocal]) {
    #pragma HLS INLINE
    static_assert(CONFIG_T::n_outer * CONFIG_T::n_slice * CONFIG_T::n_inner % CONFIG_T::mask_period == 0,
                  "the mask must repeat a whole number of times");
    for (unsigned o = 0; o < CONFIG_T::n_outer; o++) {
        #pragma HLS UNROLL
        for (unsigned i = 0; i < CONFIG_T::n_inner; i++) {
            #pragma HLS UNROLL
            ap_int<CONFIG_T::in_bits + 1> code[CONFIG_T::n_slice];
            bool valid[CONFIG_T::n_slice];
            out_T row[CONFIG_T::n_slice];
            #pragma HLS ARRAY_PARTITION variable = code complete
            #pragma HLS ARRAY_PARTITION variable = valid complete
            #pragma HLS ARRAY_PARTITION variable = row complete
            for (unsigned j = 0; j < CONFIG_T::n_slice; j++) {
                #pragma HLS UNROLL
                const unsigned k = (o * CONFIG_T::n_slice + j) * CONFIG_T::n_inner + i;
                typename CONFIG_T::code_t bits;
                bits.range(CONFIG_T::in_bits - 1, 0) = x[k].range(CONFIG_T::in_bits - 1, 0);
                code[j] = bits;
                valid[j] = mask[k % CONFIG_T::mask_period] != 0;
            }
            softmax_row<out_T, CONFIG_T>(code, valid, row, exp_table, reciprocal_table);
            for (unsigned j = 0; j < CONFIG_T::n_slice; j++) {
                #pragma HLS UNROLL
                y[(o * CONFIG_T::n_slice + j) * CONFIG_T::n_inner + i] = row[j];
            }
        }
    }
}

template <class in_T, class out_T, typename CONFIG_T>
void softmax(const in_T x[CONFIG_T::n_outer * CONFIG_T::n_slice * CONFIG_T::n_inner],
             out_T y[CONFIG_T::n_outer * CONFIG_T::n_slice * CONFIG_T::n_inner],
             const typename CONFIG_T::exp_table_t exp_table[CONFIG_T::n_exp],
             const typename CONFIG_T::reciprocal_table_t reciprocal_table[CONFIG_T::n_reciprocal]) {
    #pragma HLS INLINE
    ap_uint<1> all[CONFIG_T::mask_period];
    #pragma HLS ARRAY_PARTITION variable = all complete
    for (unsigned k = 0; k < CONFIG_T::mask_period; k++) {
        #pragma HLS UNROLL
        all[k] = 1;
    }
    softmax_masked<in_T, ap_uint<1>, out_T, CONFIG_T>(x, all, y, exp_table, reciprocal_table);
}

} // namespace fpga_tf

#endif
