#ifndef FPGA_TF_SOFTMAX_ROWS_H_
#define FPGA_TF_SOFTMAX_ROWS_H_

// The softmax of softmax.h for rows that hold the scores of n_heads heads, head after head. All heads at once, or in
// turn, one a cycle; both give the same values. A mask says for each key, or for each query and key, whether a score
// counts; it is the same for all heads.

#include "fifo.h"
#include "integer.h"
#include "softmax.h"

namespace fpga_tf {

struct softmax_rows_config : softmax_config {
    static const unsigned n_rows = 1;
    static const unsigned n_heads = 1;
    static const bool in_turn = false;
    static const unsigned mask_rows = 1;
};

template <typename CONFIG_T, class row_T>
void read_scores(const row_T &given, ap_int<CONFIG_T::in_bits + 1> code[CONFIG_T::n_heads * CONFIG_T::n_slice]) {
    #pragma HLS INLINE
    static_assert(number<typename row_T::value_type>::width == CONFIG_T::in_bits, "scores must be in_bits wide");
    for (unsigned j = 0; j < CONFIG_T::n_heads * CONFIG_T::n_slice; j++) {
        #pragma HLS UNROLL
        code[j] = code_of(given[j]);
    }
}

// One step: a head in turn, or all heads.
template <class out_T, typename CONFIG_T>
void softmax_heads(unsigned first, const ap_int<CONFIG_T::in_bits + 1> code[CONFIG_T::n_heads * CONFIG_T::n_slice],
                   const bool valid[CONFIG_T::n_slice], out_T result[CONFIG_T::n_heads * CONFIG_T::n_slice],
                   const typename CONFIG_T::exp_table_t exp_table[CONFIG_T::n_exp],
                   const typename CONFIG_T::reciprocal_table_t reciprocal_table[CONFIG_T::n_reciprocal]) {
    #pragma HLS INLINE
    const unsigned N = CONFIG_T::n_slice;
    for (unsigned u = 0; u < (CONFIG_T::in_turn ? 1 : CONFIG_T::n_heads); u++) {
        #pragma HLS UNROLL
        ap_int<CONFIG_T::in_bits + 1> head[N];
        out_T weights[N];
        #pragma HLS ARRAY_PARTITION variable = head complete
        #pragma HLS ARRAY_PARTITION variable = weights complete
        for (unsigned j = 0; j < N; j++) {
            #pragma HLS UNROLL
            head[j] = code[(first + u) * N + j];
        }
        softmax_row<out_T, CONFIG_T>(head, valid, weights, exp_table, reciprocal_table);
        for (unsigned j = 0; j < N; j++) {
            #pragma HLS UNROLL
            result[(first + u) * N + j] = weights[j];
        }
    }
}

// One turn of a row: its scores are read in the first, its weights written in the last.
template <typename CONFIG_T, class in_S, class out_S, class out_T>
void softmax_turn(unsigned first, in_S &x, out_S &y,
                  ap_int<CONFIG_T::in_bits + 1> code[CONFIG_T::n_heads * CONFIG_T::n_slice],
                  const bool valid[CONFIG_T::n_slice], out_T result[CONFIG_T::n_heads * CONFIG_T::n_slice],
                  const typename CONFIG_T::exp_table_t exp_table[CONFIG_T::n_exp],
                  const typename CONFIG_T::reciprocal_table_t reciprocal_table[CONFIG_T::n_reciprocal]) {
    #pragma HLS INLINE
    if (first == 0) {
        read_scores<CONFIG_T>(x.read(), code);
    }
    softmax_heads<out_T, CONFIG_T>(first, code, valid, result, exp_table, reciprocal_table);
    if (first + (CONFIG_T::in_turn ? 1 : CONFIG_T::n_heads) == CONFIG_T::n_heads) {
        pass_row<CONFIG_T::n_heads * CONFIG_T::n_slice>(result, y);
    }
}

template <typename CONFIG_T, class in_S, class out_S>
void softmax_rows(in_S &x, out_S &y, const typename CONFIG_T::exp_table_t exp_table[CONFIG_T::n_exp],
                  const typename CONFIG_T::reciprocal_table_t reciprocal_table[CONFIG_T::n_reciprocal]) {
    typedef typename CONFIG_T::out_t out_T;
    #pragma HLS INLINE off
    const unsigned at_once = CONFIG_T::in_turn ? 1 : CONFIG_T::n_heads;
    ap_int<CONFIG_T::in_bits + 1> code[CONFIG_T::n_heads * CONFIG_T::n_slice];
    bool valid[CONFIG_T::n_slice];
    out_T result[CONFIG_T::n_heads * CONFIG_T::n_slice];
    #pragma HLS ARRAY_PARTITION variable = code complete
    #pragma HLS ARRAY_PARTITION variable = valid complete
    #pragma HLS ARRAY_PARTITION variable = result complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        for (unsigned first = 0; first < CONFIG_T::n_heads; first += at_once) {
            #pragma HLS PIPELINE II = 1
            for (unsigned j = 0; j < CONFIG_T::n_slice; j++) {
                #pragma HLS UNROLL
                valid[j] = true;
            }
            softmax_turn<CONFIG_T>(first, x, y, code, valid, result, exp_table, reciprocal_table);
        }
    }
}

// A mask of constants: `mask_period` of them, a row for each row of scores, or one for all.
template <typename CONFIG_T, class in_S, class out_S>
void softmax_rows_kept(in_S &x, out_S &y, const typename CONFIG_T::exp_table_t exp_table[CONFIG_T::n_exp],
                       const typename CONFIG_T::reciprocal_table_t reciprocal_table[CONFIG_T::n_reciprocal],
                       const typename CONFIG_T::keep_t keep[CONFIG_T::mask_period]) {
    typedef typename CONFIG_T::out_t out_T;
    static_assert(CONFIG_T::mask_period == CONFIG_T::n_slice ||
                      CONFIG_T::mask_period == CONFIG_T::n_rows * CONFIG_T::n_slice,
                  "a mask must have one row or a row for each query");
    #pragma HLS INLINE off
    #pragma HLS ARRAY_PARTITION variable = keep complete
    const unsigned at_once = CONFIG_T::in_turn ? 1 : CONFIG_T::n_heads;
    ap_int<CONFIG_T::in_bits + 1> code[CONFIG_T::n_heads * CONFIG_T::n_slice];
    bool valid[CONFIG_T::n_slice];
    out_T result[CONFIG_T::n_heads * CONFIG_T::n_slice];
    #pragma HLS ARRAY_PARTITION variable = code complete
    #pragma HLS ARRAY_PARTITION variable = valid complete
    #pragma HLS ARRAY_PARTITION variable = result complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        for (unsigned first = 0; first < CONFIG_T::n_heads; first += at_once) {
            #pragma HLS PIPELINE II = 1
            for (unsigned j = 0; j < CONFIG_T::n_slice; j++) {
                #pragma HLS UNROLL
                // no remainder of a variable: that would be a divider for each
                const unsigned row = CONFIG_T::mask_period == CONFIG_T::n_slice ? 0 : r;
                valid[j] = keep[row * CONFIG_T::n_slice + j] != 0;
            }
            softmax_turn<CONFIG_T>(first, x, y, code, valid, result, exp_table, reciprocal_table);
        }
    }
}

// A mask of the sample: `mask_rows` rows of bits, one for each row of scores, or one for all. It is read before the
// scores that it is for.
template <typename CONFIG_T, class in_S, class mask_S, class out_S>
void softmax_rows_masked(in_S &x, mask_S &mask, out_S &y,
                         const typename CONFIG_T::exp_table_t exp_table[CONFIG_T::n_exp],
                         const typename CONFIG_T::reciprocal_table_t reciprocal_table[CONFIG_T::n_reciprocal]) {
    typedef typename CONFIG_T::out_t out_T;
    static_assert(CONFIG_T::mask_rows == 1 || CONFIG_T::mask_rows == CONFIG_T::n_rows,
                  "a mask must have one row or a row for each query");
    #pragma HLS INLINE off
    const unsigned at_once = CONFIG_T::in_turn ? 1 : CONFIG_T::n_heads;
    ap_int<CONFIG_T::in_bits + 1> code[CONFIG_T::n_heads * CONFIG_T::n_slice];
    bool valid[CONFIG_T::n_slice];
    out_T result[CONFIG_T::n_heads * CONFIG_T::n_slice];
    #pragma HLS ARRAY_PARTITION variable = code complete
    #pragma HLS ARRAY_PARTITION variable = valid complete
    #pragma HLS ARRAY_PARTITION variable = result complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        for (unsigned first = 0; first < CONFIG_T::n_heads; first += at_once) {
            #pragma HLS PIPELINE II = 1
            if (first == 0 && r < CONFIG_T::mask_rows) {
                const element_of<mask_S> given = mask.read();
                for (unsigned j = 0; j < CONFIG_T::n_slice; j++) {
                    #pragma HLS UNROLL
                    valid[j] = given[j] != 0;
                }
            }
            softmax_turn<CONFIG_T>(first, x, y, code, valid, result, exp_table, reciprocal_table);
        }
    }
}

} // namespace fpga_tf

#endif
