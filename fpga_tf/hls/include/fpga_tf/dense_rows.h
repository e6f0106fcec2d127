#ifndef FPGA_TF_DENSE_ROWS_H_
#define FPGA_TF_DENSE_ROWS_H_

// Rows times a matrix of constants, each sum exact, then one conversion into out_t:
//   dense_rows   y[r][o] = sum_i x[r][i] * w[o][i] + b[o]
//   dense_whole  y[o] = sum_r sum_i x[r][i] * w[r][o][i] + b[o]      of a sequence that is flattened
//   mix_rows     y[k][c] = sum_r x[r][c] * w[r][k]                   of each channel over the rows
// Weights and biases are integer codes; weights with the fraction that makes a product one of accum_t, biases with that
// of accum_t.

#include "bank.h"
#include "convert.h"
#include "fifo.h"

namespace fpga_tf {

struct dense_rows_config {
    static const unsigned n_rows = 1;
    static const unsigned n_in = 1;
    static const unsigned n_out = 1;
    static const unsigned reuse = 1;
};

// The codes of a row's N values, zeros behind them.
template <unsigned N, unsigned PADDED, class row_T, class code_T>
void read_codes(const row_T &given, code_T codes[PADDED]) {
    #pragma HLS INLINE
    for (unsigned i = 0; i < PADDED; i++) {
        #pragma HLS UNROLL
        codes[i] = i < N ? code_of(given[i < N ? i : 0]) : code_T(0);
    }
}

// Sums begin with the biases of N outputs.
template <unsigned N, unsigned PADDED, class bias_T, class sum_T>
void begin_sums(const bias_T bias[N], sum_T sum[PADDED]) {
    #pragma HLS INLINE
    for (unsigned o = 0; o < PADDED; o++) {
        #pragma HLS UNROLL
        sum[o] = o < N ? sum_T(bias[o < N ? o : 0]) : sum_T(0);
    }
}

// Sums end as a row of N values.
template <typename CONFIG_T, unsigned N, class sum_T, class out_S> void write_sums(const sum_T sum[N], out_S &y) {
    #pragma HLS INLINE
    element_of<out_S> made;
    FPGA_TF_PACK(made)
    for (unsigned o = 0; o < N; o++) {
        #pragma HLS UNROLL
        made[o] = converted<typename CONFIG_T::out_t, typename CONFIG_T::accum_t>(sum[o]);
    }
    y.write(made);
}

// weight: the matrix in the order of bank.h.
template <typename CONFIG_T, class in_S, class out_S>
void dense_rows(in_S &x, out_S &y, const typename CONFIG_T::weight_t weight[CONFIG_T::n_weights],
                const typename CONFIG_T::bias_t bias[CONFIG_T::n_out]) {
    typedef bank<CONFIG_T::n_in, CONFIG_T::n_out, CONFIG_T::reuse> bank_t;
    typedef integer<code_width<typename CONFIG_T::accum_t>::value> sum_t;
    static_assert(CONFIG_T::n_weights == bank_t::steps * bank_t::multipliers, "weights must fill the bank");
    #pragma HLS INLINE off
    #pragma HLS ARRAY_RESHAPE variable = weight cyclic factor = bank_t::multipliers
    #pragma HLS ARRAY_PARTITION variable = bias complete

    code<typename CONFIG_T::in_t> codes[bank_t::padded_in];
    sum_t sum[bank_t::padded_out];
    #pragma HLS ARRAY_PARTITION variable = codes complete
    #pragma HLS ARRAY_PARTITION variable = sum complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        for (unsigned g = 0; g < bank_t::groups; g++) {
            for (unsigned k = 0; k < bank_t::input_steps; k++) {
                #pragma HLS PIPELINE II = 1
                if (g == 0 && k == 0) {
                    read_codes<CONFIG_T::n_in, bank_t::padded_in>(x.read(), codes);
                    begin_sums<CONFIG_T::n_out, bank_t::padded_out>(bias, sum);
                }
                bank_step<bank_t, bank_t::steps>(g * bank_t::input_steps + k, g, k, codes, weight, sum);
                if (g == bank_t::groups - 1 && k == bank_t::input_steps - 1) {
                    write_sums<CONFIG_T, CONFIG_T::n_out>(sum, y);
                }
            }
        }
    }
}

// weight: the matrix of each row in the order of bank.h, row after row.
template <typename CONFIG_T, class in_S, class out_S>
void dense_whole(in_S &x, out_S &y, const typename CONFIG_T::weight_t weight[CONFIG_T::n_weights],
                 const typename CONFIG_T::bias_t bias[CONFIG_T::n_out]) {
    typedef bank<CONFIG_T::n_in, CONFIG_T::n_out, CONFIG_T::reuse> bank_t;
    typedef integer<code_width<typename CONFIG_T::accum_t>::value> sum_t;
    const unsigned words = CONFIG_T::n_rows * bank_t::steps;
    static_assert(CONFIG_T::n_weights == words * bank_t::multipliers, "weights must fill the bank for every row");
    #pragma HLS INLINE off
    #pragma HLS ARRAY_RESHAPE variable = weight cyclic factor = bank_t::multipliers
    #pragma HLS ARRAY_PARTITION variable = bias complete

    code<typename CONFIG_T::in_t> codes[bank_t::padded_in];
    sum_t sum[bank_t::padded_out];
    #pragma HLS ARRAY_PARTITION variable = codes complete
    #pragma HLS ARRAY_PARTITION variable = sum complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        for (unsigned g = 0; g < bank_t::groups; g++) {
            for (unsigned k = 0; k < bank_t::input_steps; k++) {
                #pragma HLS PIPELINE II = 1
                if (g == 0 && k == 0) {
                    read_codes<CONFIG_T::n_in, bank_t::padded_in>(x.read(), codes);
                    if (r == 0) {
                        begin_sums<CONFIG_T::n_out, bank_t::padded_out>(bias, sum);
                    }
                }
                bank_step<bank_t, words>((r * bank_t::groups + g) * bank_t::input_steps + k, g, k, codes, weight, sum);
            }
        }
    }
    write_sums<CONFIG_T, CONFIG_T::n_out>(sum, y);
}

// weight: w[r][k], of each row in the order of bank.h for one input, row after row. The reuse factor shares the
// multipliers of a channel among the rows that come out; there is at least one for each channel.
template <typename CONFIG_T, class in_S, class out_S>
void mix_rows(in_S &x, out_S &y, const typename CONFIG_T::weight_t weight[CONFIG_T::n_weights]) {
    typedef bank<1, CONFIG_T::n_out, CONFIG_T::reuse> bank_t;
    typedef integer<code_width<typename CONFIG_T::accum_t>::value> sum_t;
    static_assert(CONFIG_T::n_weights == CONFIG_T::n_rows * bank_t::padded_out,
                  "weights must fill the bank for every row");
    #pragma HLS INLINE off
    #pragma HLS ARRAY_RESHAPE variable = weight cyclic factor = bank_t::width

    code<typename CONFIG_T::in_t> codes[CONFIG_T::n_channels];
    sum_t sum[bank_t::padded_out][CONFIG_T::n_channels];
    #pragma HLS ARRAY_PARTITION variable = codes complete
    #pragma HLS ARRAY_PARTITION variable = sum complete dim = 0
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        for (unsigned g = 0; g < bank_t::groups; g++) {
            #pragma HLS PIPELINE II = 1
            if (g == 0) {
                read_codes<CONFIG_T::n_channels, CONFIG_T::n_channels>(x.read(), codes);
            }
            for (unsigned o = 0; o < bank_t::width; o++) {
                #pragma HLS UNROLL
                const unsigned k = g * bank_t::width + o;
                const typename CONFIG_T::weight_t w = weight[(r * bank_t::groups + g) * bank_t::width + o];
                for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
                    #pragma HLS UNROLL
                    sum[k][c] = (r == 0 ? sum_t(0) : sum[k][c]) + product(codes[c], w);
                }
            }
        }
    }
    for (unsigned k = 0; k < CONFIG_T::n_out; k++) {
        #pragma HLS PIPELINE II = 1
        write_sums<CONFIG_T, CONFIG_T::n_channels>(sum[k], y);
    }
}

} // namespace fpga_tf

#endif
