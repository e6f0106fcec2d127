#ifndef FPGA_TF_MASK_H_
#define FPGA_TF_MASK_H_

// Masks are arrays of ap_uint<1>: one where a score counts.

namespace fpga_tf {

struct mask_expand_config {
    static const unsigned n_in = 1;
    static const unsigned n_rows = 1;
    static const unsigned n_columns = 1;
    static const unsigned row_stride = 0;
    static const unsigned column_stride = 1;
};

template <class in_T, typename CONFIG_T>
bool mask_expand_bit(unsigned t, unsigned s, const in_T x[CONFIG_T::n_in],
                     const typename CONFIG_T::keep_t keep[CONFIG_T::n_rows * CONFIG_T::n_columns]) {
    static_assert((CONFIG_T::n_rows - 1) * CONFIG_T::row_stride + (CONFIG_T::n_columns - 1) * CONFIG_T::column_stride <
                      CONFIG_T::n_in,
                  "the strides must stay inside the mask");
    #pragma HLS INLINE
    return (x[t * CONFIG_T::row_stride + s * CONFIG_T::column_stride] != 0) && (keep[t * CONFIG_T::n_columns + s] != 0);
}

// y[t][s] = x[t * row_stride + s * column_stride] and keep[t][s]
template <class in_T, class out_T, typename CONFIG_T>
void mask_expand(const in_T x[CONFIG_T::n_in], out_T y[CONFIG_T::n_rows * CONFIG_T::n_columns],
                 const typename CONFIG_T::keep_t keep[CONFIG_T::n_rows * CONFIG_T::n_columns]) {
    #pragma HLS INLINE
    for (unsigned t = 0; t < CONFIG_T::n_rows; t++) {
        #pragma HLS UNROLL
        for (unsigned s = 0; s < CONFIG_T::n_columns; s++) {
            #pragma HLS UNROLL
            y[t * CONFIG_T::n_columns + s] = mask_expand_bit<in_T, CONFIG_T>(t, s, x, keep);
        }
    }
}

struct mask_and_config {
    static const unsigned n_in = 1;
};

template <class in0_T, class in1_T, class out_T, typename CONFIG_T>
void mask_and(const in0_T a[CONFIG_T::n_in], const in1_T b[CONFIG_T::n_in], out_T y[CONFIG_T::n_in]) {
    #pragma HLS INLINE
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        y[i] = (a[i] != 0) && (b[i] != 0);
    }
}

struct masking_config {
    static const unsigned n_rows = 1;
    static const unsigned n_channels = 1;
};

template <typename CONFIG_T, class row_T>
bool masking_row(const row_T &x, const typename CONFIG_T::value_t value[1]) {
    #pragma HLS INLINE
    bool any = false;
    for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
        #pragma HLS UNROLL
        any = any || (x[c] != value[0]);
    }
    return any;
}

// y[r] = any(x[r][c] != value), as keras.layers.Masking computes its mask
template <class in_T, class out_T, typename CONFIG_T>
void masking(const in_T x[CONFIG_T::n_rows * CONFIG_T::n_channels], out_T y[CONFIG_T::n_rows],
             const typename CONFIG_T::value_t value[1]) {
    #pragma HLS INLINE
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS UNROLL
        in_T values[CONFIG_T::n_channels];
        #pragma HLS ARRAY_PARTITION variable = values complete
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            values[c] = x[r * CONFIG_T::n_channels + c];
        }
        y[r] = masking_row<CONFIG_T>(values, value);
    }
}

struct mask_apply_config {
    static const unsigned n_rows = 1;
    static const unsigned n_channels = 1;
};

// y[r][c] = mask[r] ? x[r][c] : 0
template <class in_T, class mask_T, class out_T, typename CONFIG_T>
void mask_apply(const in_T x[CONFIG_T::n_rows * CONFIG_T::n_channels], const mask_T mask[CONFIG_T::n_rows],
                out_T y[CONFIG_T::n_rows * CONFIG_T::n_channels]) {
    #pragma HLS INLINE
    for (unsigned r = 0; r < CONFIG_T::n_rows; r++) {
        #pragma HLS UNROLL
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            y[r * CONFIG_T::n_channels + c] = mask[r] != 0 ? out_T(x[r * CONFIG_T::n_channels + c]) : out_T(0);
        }
    }
}

} // namespace fpga_tf

#endif
