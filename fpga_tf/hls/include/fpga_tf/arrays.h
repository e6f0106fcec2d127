#ifndef FPGA_TF_ARRAYS_H_
#define FPGA_TF_ARRAYS_H_

// Arrays at the edge of a dataflow region. An array there has one reader: what several processes read is copied.

#include "fifo.h"

namespace fpga_tf {

struct copy_array_config {
    static const unsigned n_values = 1;
};

template <typename CONFIG_T, class T> void copy_array(const T x[CONFIG_T::n_values], T a[CONFIG_T::n_values], T b[CONFIG_T::n_values]) {
    #pragma HLS INLINE off
    #pragma HLS PIPELINE II = 1
    for (unsigned i = 0; i < CONFIG_T::n_values; i++) {
        #pragma HLS UNROLL
        a[i] = x[i];
        b[i] = x[i];
    }
}

template <typename CONFIG_T, class T>
void copy_array(const T x[CONFIG_T::n_values], T a[CONFIG_T::n_values], T b[CONFIG_T::n_values],
                T c[CONFIG_T::n_values]) {
    #pragma HLS INLINE off
    #pragma HLS PIPELINE II = 1
    for (unsigned i = 0; i < CONFIG_T::n_values; i++) {
        #pragma HLS UNROLL
        a[i] = x[i];
        b[i] = x[i];
        c[i] = x[i];
    }
}

template <typename CONFIG_T, class T>
void copy_array(const T x[CONFIG_T::n_values], T a[CONFIG_T::n_values], T b[CONFIG_T::n_values],
                T c[CONFIG_T::n_values], T d[CONFIG_T::n_values]) {
    #pragma HLS INLINE off
    #pragma HLS PIPELINE II = 1
    for (unsigned i = 0; i < CONFIG_T::n_values; i++) {
        #pragma HLS UNROLL
        a[i] = x[i];
        b[i] = x[i];
        c[i] = x[i];
        d[i] = x[i];
    }
}

struct from_rows_by_query_config {
    static const unsigned n_queries = 1;
    static const unsigned n_heads = 1;
    static const unsigned n_keys = 1;
};

// y[h][t][s] of rows t that hold all heads
template <typename CONFIG_T, class in_S, class out_T>
void from_rows_by_query(in_S &x, out_T y[CONFIG_T::n_heads * CONFIG_T::n_queries * CONFIG_T::n_keys]) {
    #pragma HLS INLINE off
    for (unsigned t = 0; t < CONFIG_T::n_queries; t++) {
        #pragma HLS PIPELINE II = 1
        const auto given = x.read();
        for (unsigned h = 0; h < CONFIG_T::n_heads; h++) {
            #pragma HLS UNROLL
            for (unsigned s = 0; s < CONFIG_T::n_keys; s++) {
                #pragma HLS UNROLL
                y[(h * CONFIG_T::n_queries + t) * CONFIG_T::n_keys + s] = given[h * CONFIG_T::n_keys + s];
            }
        }
    }
}

} // namespace fpga_tf

#endif
