#ifndef FPGA_TF_HELD_ROWS_H_
#define FPGA_TF_HELD_ROWS_H_

// y[r][h][o] = sum_i x[r][h][i] * w[h][o][i] for the rows of a tensor and the heads of a row. The matrices are held in
// registers as integer codes; each sum is exact, then converted once, into out_t. Either every head has a bank of its
// own, or the heads take turns on one; both give the same values.

#include "bank.h"
#include "convert.h"
#include "fifo.h"

namespace fpga_tf {

struct held_rows_config {
    static const unsigned n_rows = 1;
    static const unsigned n_heads = 1;
    static const unsigned n_in = 1;
    static const unsigned n_out = 1;
    static const unsigned reuse = 1;
    static const bool in_turn = false;
};

template <typename CONFIG_T> struct held_bank {
    typedef bank<CONFIG_T::n_in, CONFIG_T::n_out, CONFIG_T::reuse> type;
};

// A sum of products: the digits before the point that accum_t has, and every one behind it.
template <typename CONFIG_T> struct held_sum {
    typedef number<typename CONFIG_T::accum_t> accum;
    static const int integer_bits = accum::integer_bits + (accum::is_signed ? 0 : 1);
    static const int fraction = number<typename CONFIG_T::in_t>::fraction + number<typename CONFIG_T::held_t>::fraction;
    typedef ap_fixed<integer_bits + fraction, integer_bits> type;
};

// The codes of a row, head after head, each padded with zeros to what the bank reads.
template <typename CONFIG_T, class row_T>
void read_heads(const row_T &given,
                code<typename CONFIG_T::in_t> codes[CONFIG_T::n_heads][held_bank<CONFIG_T>::type::padded_in]) {
    #pragma HLS INLINE
    for (unsigned h = 0; h < CONFIG_T::n_heads; h++) {
        #pragma HLS UNROLL
        for (unsigned i = 0; i < held_bank<CONFIG_T>::type::padded_in; i++) {
            #pragma HLS UNROLL
            codes[h][i] = 0;
            if (i < CONFIG_T::n_in) {
                codes[h][i] = code_of(given[h * CONFIG_T::n_in + i]);
            }
        }
    }
}

template <typename CONFIG_T, class in_S, class out_S>
void held_rows(in_S &x, out_S &y,
               const code<typename CONFIG_T::held_t> held[CONFIG_T::n_heads][held_bank<CONFIG_T>::type::padded_out]
                                                         [held_bank<CONFIG_T>::type::padded_in]) {
    typedef typename held_bank<CONFIG_T>::type bank_t;
    typedef typename CONFIG_T::in_t in_T;
    typedef typename CONFIG_T::out_t out_T;
    typedef typename held_sum<CONFIG_T>::type exact_T;
    typedef integer<code_width<exact_T>::value> sum_t;
    static_assert(code_width<in_T>::value + code_width<typename CONFIG_T::held_t>::value <= 64,
                  "a product must fit in 64 bits");
    #pragma HLS INLINE
    const unsigned at_once = CONFIG_T::in_turn ? 1 : CONFIG_T::n_heads;

    code<in_T> codes[CONFIG_T::n_heads][bank_t::padded_in];
    sum_t sum[at_once][bank_t::padded_out];
    out_T result[CONFIG_T::n_heads * CONFIG_T::n_out];
    #pragma HLS ARRAY_PARTITION variable = codes complete dim = 0
    #pragma HLS ARRAY_PARTITION variable = sum complete dim = 0
    #pragma HLS ARRAY_PARTITION variable = result complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        for (unsigned first = 0; first < CONFIG_T::n_heads; first += at_once) {
            for (unsigned g = 0; g < bank_t::groups; g++) {
                for (unsigned k = 0; k < bank_t::input_steps; k++) {
                    #pragma HLS PIPELINE II = 1
                    if (first == 0 && g == 0 && k == 0) {
                        read_heads<CONFIG_T>(x.read(), codes);
                    }
                    const bool last = g == bank_t::groups - 1 && k == bank_t::input_steps - 1;
                    for (unsigned u = 0; u < at_once; u++) {
                        #pragma HLS UNROLL
                        if (g == 0 && k == 0) {
                            for (unsigned o = 0; o < bank_t::padded_out; o++) {
                                #pragma HLS UNROLL
                                sum[u][o] = 0;
                            }
                        }
                        bank_step_held<bank_t>(g, k, codes[first + u], held[first + u], sum[u]);
                        if (last) {
                            for (unsigned o = 0; o < CONFIG_T::n_out; o++) {
                                #pragma HLS UNROLL
                                result[(first + u) * CONFIG_T::n_out + o] = converted<out_T, exact_T>(sum[u][o]);
                            }
                        }
                    }
                    if (last && first + at_once == CONFIG_T::n_heads) {
                        pass_row<CONFIG_T::n_heads * CONFIG_T::n_out>(result, y);
                    }
                }
            }
        }
    }
}

} // namespace fpga_tf

#endif
