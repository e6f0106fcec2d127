#ifndef FPGA_TF_SCORES_ROWS_H_
#define FPGA_TF_SCORES_ROWS_H_

// y[t][h][s] = sum_i query[t][h][i] * key[s][h][i]: the scores of each query against all keys. The keys of a sample are
// read first, into registers; then each query gives a row of scores, head after head.

#include "held_rows.h"

namespace fpga_tf {

struct scores_rows_config {
    static const unsigned n_queries = 1;
    static const unsigned n_keys = 1;
    static const unsigned n_heads = 1;
    static const unsigned n_dim = 1;
    static const unsigned reuse = 1;
    static const bool in_turn = false;
};

// The keys are a head's matrix: an output for each, an input for each of its dimensions.
template <typename CONFIG_T> struct scores_held {
    static const unsigned n_rows = CONFIG_T::n_queries;
    static const unsigned n_heads = CONFIG_T::n_heads;
    static const unsigned n_in = CONFIG_T::n_dim;
    static const unsigned n_out = CONFIG_T::n_keys;
    static const unsigned reuse = CONFIG_T::reuse;
    static const bool in_turn = CONFIG_T::in_turn;
    typedef typename CONFIG_T::query_t in_t;
    typedef typename CONFIG_T::key_t held_t;
    typedef typename CONFIG_T::accum_t accum_t;
    typedef typename CONFIG_T::out_t out_t;
};

template <typename CONFIG_T, class query_S, class key_S, class out_S>
void scores_rows(query_S &query, key_S &key, out_S &y) {
    typedef scores_held<CONFIG_T> held_config;
    typedef typename held_bank<held_config>::type bank_t;
    #pragma HLS INLINE off

    code<typename CONFIG_T::key_t> held[CONFIG_T::n_heads][bank_t::padded_out][bank_t::padded_in];
    #pragma HLS ARRAY_PARTITION variable = held complete dim = 0
    for (unsigned s = 0; s < CONFIG_T::n_keys; s++) {
        #pragma HLS PIPELINE II = 1
        const element_of<key_S> given = key.read();
        for (unsigned h = 0; h < CONFIG_T::n_heads; h++) {
            #pragma HLS UNROLL
            for (unsigned i = 0; i < bank_t::padded_in; i++) {
                #pragma HLS UNROLL
                if (i < CONFIG_T::n_dim) {
                    held[h][s][i] = code_of(given[h * CONFIG_T::n_dim + i]);
                } else {
                    held[h][s][i] = 0;
                }
            }
            for (unsigned o = CONFIG_T::n_keys; o < bank_t::padded_out; o++) {
                #pragma HLS UNROLL
                for (unsigned i = 0; i < bank_t::padded_in; i++) {
                    #pragma HLS UNROLL
                    held[h][o][i] = 0;
                }
            }
        }
    }
    held_rows<held_config>(query, y, held);
}

} // namespace fpga_tf

#endif
