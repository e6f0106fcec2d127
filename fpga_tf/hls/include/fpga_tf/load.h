#ifndef FPGA_TF_LOAD_H_
#define FPGA_TF_LOAD_H_

// Fills an array from exact decimals when the program starts. A braced list of thousands of ap_fixed values means the
// same, but g++ then spends most of a build on inlining the constructors one by one.

namespace fpga_tf {

template <class T> bool load(T *x, const double *values, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        x[i] = values[i];
    }
    return true;
}

} // namespace fpga_tf

#endif
