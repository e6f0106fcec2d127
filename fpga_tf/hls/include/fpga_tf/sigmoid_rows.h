#ifndef FPGA_TF_SIGMOID_ROWS_H_
#define FPGA_TF_SIGMOID_ROWS_H_

// The sigmoid of sigmoid.h for n_rows rows of n_channels values, a row each cycle.

#include "fifo.h"
#include "sigmoid.h"

namespace fpga_tf {

template <typename CONFIG_T, class in_S, class out_S>
void sigmoid_rows(in_S &x, out_S &y, const typename CONFIG_T::sigmoid_table_t table[CONFIG_T::n_entries]) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            made[c] = sigmoid_value<typename element_of<out_S>::value_type, CONFIG_T>(given[c], table);
        }
        y.write(made);
    }
}

} // namespace fpga_tf

#endif
