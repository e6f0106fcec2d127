#ifndef FPGA_TF_DENSE_ROWS_H_
#define FPGA_TF_DENSE_ROWS_H_

// y[r][o] = sum_i x[r][i] * w[o][i] + b[o] for the rows of a tensor, each sum exact, then one conversion into the type
// of y. Weights and biases are integer codes; weights in the order of bank.h, with the fraction that makes a product one
// of accum_t; biases with the fraction of accum_t.

#include "bank.h"
#include "fifo.h"

namespace fpga_tf {

struct dense_rows_config {
    static const unsigned n_rows = 1;
    static const unsigned n_in = 1;
    static const unsigned n_out = 1;
    static const unsigned reuse = 1;
};

template <typename CONFIG_T, class in_S, class out_S>
void dense_rows(in_S &x, out_S &y, const typename CONFIG_T::weight_t weight[CONFIG_T::n_weights],
                const typename CONFIG_T::bias_t bias[CONFIG_T::n_out]) {
    typedef bank<CONFIG_T::n_in, CONFIG_T::n_out, CONFIG_T::reuse> bank_t;
    typedef typename CONFIG_T::in_t in_T;
    typedef typename CONFIG_T::out_t out_T;
    typedef typename CONFIG_T::accum_t accum_T;
    typedef integer<code_width<accum_T>::value> sum_t;
    static_assert(CONFIG_T::n_weights == bank_t::steps * bank_t::multipliers, "weights must fill the bank");
    #pragma HLS INLINE off
    #pragma HLS ARRAY_RESHAPE variable = weight cyclic factor = bank_t::multipliers
    #pragma HLS ARRAY_PARTITION variable = bias complete

    code<in_T> codes[bank_t::padded_in];
    sum_t sum[bank_t::padded_out];
    #pragma HLS ARRAY_PARTITION variable = codes complete
    #pragma HLS ARRAY_PARTITION variable = sum complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        for (unsigned g = 0; g < bank_t::groups; g++) {
            for (unsigned k = 0; k < bank_t::input_steps; k++) {
                #pragma HLS PIPELINE II = 1
                if (g == 0 && k == 0) {
                    const row<in_T, CONFIG_T::n_in> given = x.read();
                    for (unsigned i = 0; i < bank_t::padded_in; i++) {
                        #pragma HLS UNROLL
                        codes[i] = i < CONFIG_T::n_in ? code_of(given[i < CONFIG_T::n_in ? i : 0]) : code<in_T>(0);
                    }
                    for (unsigned o = 0; o < bank_t::padded_out; o++) {
                        #pragma HLS UNROLL
                        sum[o] = o < CONFIG_T::n_out ? sum_t(bias[o < CONFIG_T::n_out ? o : 0]) : sum_t(0);
                    }
                }
                bank_step<bank_t>(g, k, codes, weight, sum);
                if (g == bank_t::groups - 1 && k == bank_t::input_steps - 1) {
                    row<out_T, CONFIG_T::n_out> made;
                    FPGA_TF_PACK(made)
                    for (unsigned o = 0; o < CONFIG_T::n_out; o++) {
                        #pragma HLS UNROLL
                        made[o] = value_of<accum_T>(sum[o]);
                    }
                    y.write(made);
                }
            }
        }
    }
}

} // namespace fpga_tf

#endif
