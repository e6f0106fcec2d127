#ifndef FPGA_TF_CONTEXT_ROWS_H_
#define FPGA_TF_CONTEXT_ROWS_H_

// y[t][h][v] = sum_s weights[t][h][s] * value[s][h][v]: the values of all keys, weighed for each query. The values of a
// sample are read first, into registers; then each row of weights gives a row, head after head.

#include "held_rows.h"

namespace fpga_tf {

struct context_rows_config {
    static const unsigned n_queries = 1;
    static const unsigned n_keys = 1;
    static const unsigned n_heads = 1;
    static const unsigned n_dim = 1;
    static const unsigned reuse = 1;
    static const bool in_turn = false;
};

// The values are a head's matrix: an output for each of their dimensions, an input for each key.
template <typename CONFIG_T> struct context_held {
    static const unsigned n_rows = CONFIG_T::n_queries;
    static const unsigned n_heads = CONFIG_T::n_heads;
    static const unsigned n_in = CONFIG_T::n_keys;
    static const unsigned n_out = CONFIG_T::n_dim;
    static const unsigned reuse = CONFIG_T::reuse;
    static const bool in_turn = CONFIG_T::in_turn;
    typedef typename CONFIG_T::weights_t in_t;
    typedef typename CONFIG_T::value_t held_t;
    typedef typename CONFIG_T::accum_t accum_t;
    typedef typename CONFIG_T::out_t out_t;
};

template <typename CONFIG_T, class weights_S, class value_S, class out_S>
void context_rows(weights_S &weights, value_S &value, out_S &y) {
    typedef context_held<CONFIG_T> held_config;
    typedef typename held_bank<held_config>::type bank_t;
    #pragma HLS INLINE off

    code<typename CONFIG_T::value_t> held[CONFIG_T::n_heads][bank_t::padded_out][bank_t::padded_in];
    #pragma HLS ARRAY_PARTITION variable = held complete dim = 0
    for (unsigned s = 0; s < CONFIG_T::n_keys; s++) {
        #pragma HLS PIPELINE II = 1
        const element_of<value_S> given = value.read();
        for (unsigned h = 0; h < CONFIG_T::n_heads; h++) {
            #pragma HLS UNROLL
            for (unsigned o = 0; o < bank_t::padded_out; o++) {
                #pragma HLS UNROLL
                if (o < CONFIG_T::n_dim) {
                    held[h][o][s] = code_of(given[h * CONFIG_T::n_dim + o]);
                } else {
                    held[h][o][s] = 0;
                }
                for (unsigned i = CONFIG_T::n_keys; i < bank_t::padded_in; i++) {
                    #pragma HLS UNROLL
                    held[h][o][i] = 0;
                }
            }
        }
    }
    held_rows<held_config>(weights, y, held);
}

} // namespace fpga_tf

#endif
