#ifndef FPGA_TF_SIGMOID_H_
#define FPGA_TF_SIGMOID_H_

// y = round(1 / (1 + exp(-x))): the entry at the bits of x, which is the result's code. Negative x come last.

#include "ap_fixed.h"
#include "ap_int.h"

namespace fpga_tf {

struct sigmoid_config {
    static const unsigned n_in = 1;
};

template <class out_T, typename CONFIG_T, class in_T>
out_T sigmoid_value(const in_T &x, const typename CONFIG_T::sigmoid_table_t table[CONFIG_T::n_entries]) {
    #pragma HLS INLINE
    static_assert(CONFIG_T::n_entries == 1u << CONFIG_T::in_bits, "the table must have an entry for each input");
    const ap_uint<CONFIG_T::in_bits> address = x.range(CONFIG_T::in_bits - 1, 0);
    const ap_uint<CONFIG_T::out_bits> code = table[address.to_uint()];
    out_T y;
    y.range(CONFIG_T::out_bits - 1, 0) = code;
    return y;
}

template <class in_T, class out_T, typename CONFIG_T>
void sigmoid(const in_T x[CONFIG_T::n_in], out_T y[CONFIG_T::n_in],
             const typename CONFIG_T::sigmoid_table_t table[CONFIG_T::n_entries]) {
    #pragma HLS INLINE
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        y[i] = sigmoid_value<out_T, CONFIG_T>(x[i], table);
    }
}

} // namespace fpga_tf

#endif
