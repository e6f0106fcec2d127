#ifndef FPGA_TF_MEAN_ROWS_H_
#define FPGA_TF_MEAN_ROWS_H_

// y[c] = round(sum_r x[r][c] / n_rows) of rows that come one after the other: the sums grow with each, and the division
// of mean.h follows the last.

#include "fifo.h"
#include "integer.h"
#include "mean.h"

namespace fpga_tf {

template <typename CONFIG_T, class in_S, class out_S> void mean_rows(in_S &x, out_S &y) {
    typedef typename element_of<in_S>::value_type in_T;
    typedef integer<CONFIG_T::sum_bits> sum_t;
    static_assert(number<in_T>::fraction == number<typename CONFIG_T::accum_t>::fraction, "sums must be exact");
    #pragma HLS INLINE off

    sum_t sum[CONFIG_T::n_channels];
    #pragma HLS ARRAY_PARTITION variable = sum complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            sum[c] = (r == 0 ? sum_t(0) : sum[c]) + code_of(given[c]);
        }
    }
    element_of<out_S> made;
    FPGA_TF_PACK(made)
    for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
        #pragma HLS UNROLL
        made[c] = typename CONFIG_T::out_t(rounded_mean<CONFIG_T>(ap_int<CONFIG_T::sum_bits>(sum[c])));
    }
    y.write(made);
}

} // namespace fpga_tf

#endif
