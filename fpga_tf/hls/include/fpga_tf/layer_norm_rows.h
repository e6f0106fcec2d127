#ifndef FPGA_TF_LAYER_NORM_ROWS_H_
#define FPGA_TF_LAYER_NORM_ROWS_H_

// The layer normalisation of layer_norm.h for n_rows rows of n_slice values, a row each cycle.

#include "fifo.h"
#include "layer_norm.h"

namespace fpga_tf {

struct layer_norm_rows_config : layer_norm_config {
    static const unsigned n_rows = 1;
};

template <typename CONFIG_T, class in_S, class out_S>
void layer_norm_rows(in_S &x, out_S &y, const typename CONFIG_T::gamma_t gamma[CONFIG_T::n_slice],
                     const typename CONFIG_T::beta_t beta[CONFIG_T::n_slice],
                     const typename CONFIG_T::root_table_t root_table[CONFIG_T::n_roots]) {
    typedef typename element_of<in_S>::value_type in_T;
    typedef typename CONFIG_T::out_t out_T;
    #pragma HLS INLINE off
    #pragma HLS ARRAY_PARTITION variable = gamma complete
    #pragma HLS ARRAY_PARTITION variable = beta complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        in_T values[CONFIG_T::n_slice];
        out_T result[CONFIG_T::n_slice];
        #pragma HLS ARRAY_PARTITION variable = values complete
        #pragma HLS ARRAY_PARTITION variable = result complete
        for (unsigned j = 0; j < CONFIG_T::n_slice; j++) {
            #pragma HLS UNROLL
            values[j] = given[j];
        }
        layer_norm_row<in_T, out_T, CONFIG_T>(values, result, gamma, beta, root_table);
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned j = 0; j < CONFIG_T::n_slice; j++) {
            #pragma HLS UNROLL
            made[j] = result[j];
        }
        y.write(made);
    }
}

} // namespace fpga_tf

#endif
