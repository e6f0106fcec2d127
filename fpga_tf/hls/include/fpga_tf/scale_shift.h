#ifndef FPGA_TF_SCALE_SHIFT_H_
#define FPGA_TF_SCALE_SHIFT_H_

// y[r][c] = x[r][c] * scale[c] + shift[c]; exact up to the conversion into out_T.

#include "convert.h"

namespace fpga_tf {

struct scale_shift_config {
    static const unsigned n_rows = 1;
    static const unsigned n_channels = 1;
};

template <class in_T, class out_T, typename CONFIG_T>
void scale_shift(const in_T x[CONFIG_T::n_rows * CONFIG_T::n_channels], out_T y[CONFIG_T::n_rows * CONFIG_T::n_channels],
                 const typename CONFIG_T::scale_t scale[CONFIG_T::n_channels],
                 const typename CONFIG_T::shift_t shift[CONFIG_T::n_channels]) {
    #pragma HLS INLINE
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS UNROLL
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            typename CONFIG_T::accum_t sum = x[r * CONFIG_T::n_channels + c] * scale[c];
            sum += shift[c];
            y[r * CONFIG_T::n_channels + c] = converted<out_T, typename CONFIG_T::accum_t>(code_of(sum));
        }
    }
}

} // namespace fpga_tf

#endif
