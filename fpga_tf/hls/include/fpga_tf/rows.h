#ifndef FPGA_TF_ROWS_H_
#define FPGA_TF_ROWS_H_

// Rows that are passed on, joined, cut or converted, one each cycle. What a kernel writes is of its type out_t, if that
// says more than the rows that it reads.

#include "convert.h"
#include "fifo.h"

namespace fpga_tf {

struct rows_config {
    static const unsigned n_rows = 1;
    static const unsigned n_channels = 1;
};

// An array becomes rows.
template <typename CONFIG_T, class out_S>
void to_rows(const typename CONFIG_T::in_t x[CONFIG_T::n_rows * CONFIG_T::n_channels], out_S &y) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            made[c] = x[r * CONFIG_T::n_channels + c];
        }
        y.write(made);
    }
}

// Rows become an array.
template <typename CONFIG_T, class in_S>
void from_rows(in_S &x, typename CONFIG_T::out_t y[CONFIG_T::n_rows * CONFIG_T::n_channels]) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            y[r * CONFIG_T::n_channels + c] = given[c];
        }
    }
}

// Every row into each of two, three or four streams.
template <typename CONFIG_T, class in_S, class out0_S, class out1_S>
void fork_rows(in_S &x, out0_S &y0, out1_S &y1) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        pass_row<CONFIG_T::n_channels>(given, y0);
        pass_row<CONFIG_T::n_channels>(given, y1);
    }
}
template <typename CONFIG_T, class in_S, class out0_S, class out1_S, class out2_S>
void fork_rows(in_S &x, out0_S &y0, out1_S &y1, out2_S &y2) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        pass_row<CONFIG_T::n_channels>(given, y0);
        pass_row<CONFIG_T::n_channels>(given, y1);
        pass_row<CONFIG_T::n_channels>(given, y2);
    }
}
template <typename CONFIG_T, class in_S, class out0_S, class out1_S, class out2_S, class out3_S>
void fork_rows(in_S &x, out0_S &y0, out1_S &y1, out2_S &y2, out3_S &y3) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        pass_row<CONFIG_T::n_channels>(given, y0);
        pass_row<CONFIG_T::n_channels>(given, y1);
        pass_row<CONFIG_T::n_channels>(given, y2);
        pass_row<CONFIG_T::n_channels>(given, y3);
    }
}

// y[r][c] = x[r][c] in another format; rounding and overflow are those of out_t. A rectifier is the same with an
// unsigned, saturating out_t.
template <typename CONFIG_T, class in_S, class out_S> void quantise_rows(in_S &x, out_S &y) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            made[c] = converted<typename CONFIG_T::out_t, typename element_of<in_S>::value_type>(code_of(given[c]));
        }
        y.write(made);
    }
}

// y[r][c] = a[r][c] + b[r][c], which out_t holds or rounds.
template <typename CONFIG_T, class a_S, class b_S, class out_S> void add_rows(a_S &a, b_S &b, out_S &y) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<a_S> left = a.read();
        const element_of<b_S> right = b.read();
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            made[c] = typename CONFIG_T::out_t(left[c] + right[c]);
        }
        y.write(made);
    }
}

// y[r] = a[r] with b[r] behind it.
template <typename CONFIG_T, class a_S, class b_S, class out_S> void concat_rows(a_S &a, b_S &b, out_S &y) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<a_S> left = a.read();
        const element_of<b_S> right = b.read();
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned c = 0; c < CONFIG_T::n_left; c++) {
            #pragma HLS UNROLL
            made[c] = typename CONFIG_T::out_t(left[c]);
        }
        for (unsigned c = 0; c < CONFIG_T::n_right; c++) {
            #pragma HLS UNROLL
            made[CONFIG_T::n_left + c] = typename CONFIG_T::out_t(right[c]);
        }
        y.write(made);
    }
}

// The rows of a, then the rows of b.
template <typename CONFIG_T, class a_S, class b_S, class out_S> void append_rows(a_S &a, b_S &b, out_S &y) {
    #pragma HLS INLINE off
    for (unsigned r = 0; r < CONFIG_T::n_first; r++) {
        #pragma HLS PIPELINE II = 1
        pass_row<CONFIG_T::n_channels>(a.read(), y);
    }
    for (unsigned r = 0; r < CONFIG_T::n_second; r++) {
        #pragma HLS PIPELINE II = 1
        pass_row<CONFIG_T::n_channels>(b.read(), y);
    }
}

// y[r][c] = x[r][c] * scale[c] + shift[c], exact up to the conversion into out_t. Scales and shifts are integer codes:
// scales with the fraction that makes a product one of accum_t, shifts with that of accum_t.
template <typename CONFIG_T, class in_S, class out_S>
void scale_shift_rows(in_S &x, out_S &y, const typename CONFIG_T::scale_t scale[CONFIG_T::n_channels],
                      const typename CONFIG_T::shift_t shift[CONFIG_T::n_channels]) {
    typedef integer<code_width<typename CONFIG_T::accum_t>::value> sum_t;
    #pragma HLS INLINE off
    #pragma HLS ARRAY_PARTITION variable = scale complete
    #pragma HLS ARRAY_PARTITION variable = shift complete
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS PIPELINE II = 1
        const element_of<in_S> given = x.read();
        element_of<out_S> made;
        FPGA_TF_PACK(made)
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            const sum_t sum = product(code_of(given[c]), scale[c]) + sum_t(shift[c]);
            made[c] = converted<typename CONFIG_T::out_t, typename CONFIG_T::accum_t>(sum);
        }
        y.write(made);
    }
}

} // namespace fpga_tf

#endif
