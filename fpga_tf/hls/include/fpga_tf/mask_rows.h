#ifndef FPGA_TF_MASK_ROWS_H_
#define FPGA_TF_MASK_ROWS_H_

// The masks of mask.h as streams of rows. A padding mask is one row, with a bit for each row of its tensor.

#include "fifo.h"
#include "mask.h"

namespace fpga_tf {

template <typename CONFIG_T, class in_S, class out_S>
void masking_rows(in_S &x, out_S &y, const typename CONFIG_T::value_t value[1]) {
    #pragma HLS INLINE off
    bool bits[CONFIG_T::n_rows];
    #pragma HLS ARRAY_PARTITION variable = bits complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        bits[r] = masking_row<CONFIG_T>(given, value);
        if (r == CONFIG_T::n_rows - 1) {
            element_of<out_S> made;
            FPGA_TF_PACK(made)
            for (unsigned i = 0; i < CONFIG_T::n_rows; i++) {
                #pragma HLS UNROLL
                made[i] = bits[i];
            }
            y.write(made);
        }
    }
}

template <typename CONFIG_T, class in_S, class out_S>
void mask_expand_rows(in_S &x, out_S &y,
                      const typename CONFIG_T::keep_t keep[CONFIG_T::n_rows * CONFIG_T::n_columns]) {
    #pragma HLS INLINE off
    #pragma HLS ARRAY_PARTITION variable = keep complete
    bool bits[CONFIG_T::n_in];
    #pragma HLS ARRAY_PARTITION variable = bits complete
    for (unsigned t = 0; t < CONFIG_T::n_rows; t++) {
        #pragma HLS PIPELINE II = 1
        if (t == 0) {
            const element_of<in_S> given = x.read();
            for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
                #pragma HLS UNROLL
                bits[i] = given[i] != 0;
            }
        }
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned s = 0; s < CONFIG_T::n_columns; s++) {
            #pragma HLS UNROLL
            made[s] = mask_expand_bit<bool, CONFIG_T>(t, s, bits, keep);
        }
        y.write(made);
    }
}

// y[t][s] = x[t][s * column_stride] and keep[t][s], of a mask that has a row for each query.
template <typename CONFIG_T, class in_S, class out_S>
void mask_keep_rows(in_S &x, out_S &y, const typename CONFIG_T::keep_t keep[CONFIG_T::n_rows * CONFIG_T::n_columns]) {
    static_assert((CONFIG_T::n_columns - 1) * CONFIG_T::column_stride < element_of<in_S>::size,
                  "the stride must stay inside the row");
    #pragma HLS INLINE off
    #pragma HLS ARRAY_PARTITION variable = keep complete
    for (unsigned t = 0; t < CONFIG_T::n_rows; t++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned s = 0; s < CONFIG_T::n_columns; s++) {
            #pragma HLS UNROLL
            made[s] = (given[s * CONFIG_T::column_stride] != 0) && (keep[t * CONFIG_T::n_columns + s] != 0);
        }
        y.write(made);
    }
}

template <typename CONFIG_T, class a_S, class b_S, class out_S> void mask_and_rows(a_S &a, b_S &b, out_S &y) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<a_S> left = a.read();
        const element_of<b_S> right = b.read();
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            made[c] = (left[c] != 0) && (right[c] != 0);
        }
        y.write(made);
    }
}

// The mask, one row, is read first.
template <typename CONFIG_T, class in_S, class mask_S, class out_S>
void mask_apply_rows(in_S &x, mask_S &mask, out_S &y) {
    typedef typename CONFIG_T::out_t out_T;
    #pragma HLS INLINE off
    bool bits[CONFIG_T::n_rows];
    #pragma HLS ARRAY_PARTITION variable = bits complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        if (r == 0) {
            const element_of<mask_S> given = mask.read();
            for (unsigned i = 0; i < CONFIG_T::n_rows; i++) {
                #pragma HLS UNROLL
                bits[i] = given[i] != 0;
            }
        }
        const element_of<in_S> given = x.read();
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            made[c] = bits[r] ? out_T(given[c]) : out_T(0);
        }
        y.write(made);
    }
}

} // namespace fpga_tf

#endif
