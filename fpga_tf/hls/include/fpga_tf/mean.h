#ifndef FPGA_TF_MEAN_H_
#define FPGA_TF_MEAN_H_

// y[c] = round(sum_r x[r][c] / n_rows), the rational mean rounded once into out_T.
//
// With integer codes: q = floor(num / den), num = sum << up, den = n_rows << down, and the remainder decides the
// rounding. The division is a multiplication: q = ((num + offset * den) * magic >> shift) - offset with
// magic = floor(2**shift / den) + 1, exact while (num + offset * den) * den < 2**shift (Granlund and Montgomery,
// "Division by invariant integers using multiplication", PLDI 1994). Where den is a power of two, magic is 1 and shift
// its exponent: that floor is exact by itself, and no multiplier is left.

#include "ap_fixed.h"
#include "ap_int.h"

namespace fpga_tf {

struct mean_config {
    static const unsigned n_rows = 1;
    static const unsigned n_channels = 1;
};

// The mean of a column, from the integer code of its sum; with the fraction of out_T, whose overflow is still to come.
template <typename CONFIG_T> typename CONFIG_T::rounded_t rounded_mean(const ap_int<CONFIG_T::sum_bits> &sum) {
    #pragma HLS INLINE
    ap_int<CONFIG_T::num_bits> num = sum;
    num = num << CONFIG_T::up;
    const ap_uint<CONFIG_T::num_bits> shifted = num + ap_int<CONFIG_T::num_bits>(CONFIG_T::offset * CONFIG_T::den);
    const ap_uint<CONFIG_T::wide_bits> wide =
        ap_uint<CONFIG_T::wide_bits>(shifted) * ap_uint<CONFIG_T::wide_bits>(CONFIG_T::magic);
    const ap_int<CONFIG_T::num_bits> quotient = wide >> CONFIG_T::shift;
    const ap_int<CONFIG_T::num_bits> q = quotient - ap_int<CONFIG_T::num_bits>(CONFIG_T::offset);
    const ap_int<CONFIG_T::num_bits> twice =
        (num - ap_int<CONFIG_T::num_bits>(q * ap_int<CONFIG_T::num_bits>(CONFIG_T::den))) << 1;
    const ap_int<CONFIG_T::num_bits> den = CONFIG_T::den;
    const bool up = (twice > den) || (CONFIG_T::ties_to_even && twice == den && q[0] == 1);
    const ap_int<CONFIG_T::num_bits> rounded = CONFIG_T::nearest && up ? ap_int<CONFIG_T::num_bits>(q + 1) : q;
    typename CONFIG_T::rounded_t value;
    value.range(CONFIG_T::num_bits - 1, 0) = rounded.range(CONFIG_T::num_bits - 1, 0);
    return value;
}

template <class in_T, class out_T, typename CONFIG_T>
void mean(const in_T x[CONFIG_T::n_rows * CONFIG_T::n_channels], out_T y[CONFIG_T::n_channels]) {
    #pragma HLS INLINE
    for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
        #pragma HLS UNROLL
        typename CONFIG_T::accum_t sum = 0;
        for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
            #pragma HLS UNROLL
            sum += x[r * CONFIG_T::n_channels + c];
        }
        ap_int<CONFIG_T::sum_bits> code;
        code.range(CONFIG_T::sum_bits - 1, 0) = sum.range(CONFIG_T::sum_bits - 1, 0);
        y[c] = rounded_mean<CONFIG_T>(code);
    }
}

} // namespace fpga_tf

#endif
