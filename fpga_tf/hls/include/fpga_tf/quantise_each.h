#ifndef FPGA_TF_QUANTISE_EACH_H_
#define FPGA_TF_QUANTISE_EACH_H_

// y[i] = x[i], each element in a format of its own. CONFIG_T::convert is generated: elements of one format share a loop
// over their places. y holds every one of these formats exactly.

namespace fpga_tf {

struct quantise_each_config {
    static const unsigned n_in = 1;
};

template <class in_T, class out_T, typename CONFIG_T>
void quantise_each(const in_T x[CONFIG_T::n_in], out_T y[CONFIG_T::n_in]) {
    #pragma HLS INLINE
    CONFIG_T::template convert<in_T, out_T>(x, y);
}

} // namespace fpga_tf

#endif
