#ifndef FPGA_TF_QUANTISE_H_
#define FPGA_TF_QUANTISE_H_

// y = x in another format; rounding and overflow are those of out_T.
// A rectifier is the same with an unsigned, saturating out_T.

#include "convert.h"

namespace fpga_tf {

struct quantise_config {
    static const unsigned n_in = 1;
};

template <class in_T, class out_T, typename CONFIG_T>
void quantise(const in_T x[CONFIG_T::n_in], out_T y[CONFIG_T::n_in]) {
    #pragma HLS INLINE
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        y[i] = converted<out_T, in_T>(code_of(x[i]));
    }
}

} // namespace fpga_tf

#endif
