#include "ap_fixed.h"
#include "fpga_tf/scale_shift.h"

#include "check.h"

struct config : fpga_tf::scale_shift_config {
    static const unsigned n_rows = 2;
    static const unsigned n_channels = 3;
    typedef ap_fixed<6, 3> scale_t;
    typedef ap_fixed<6, 4> shift_t;
    typedef ap_fixed<16, 10> accum_t;
};

int main() {
    typedef ap_fixed<6, 4> in_t;
    typedef ap_fixed<12, 8> out_t;
    const in_t x[6] = {1, -2.25, 7.5, -8, 0.25, 3};
    const config::scale_t scale[3] = {-1.5, 0.125, 3};
    const config::shift_t shift[3] = {0.25, -4, 7.75};
    const double expected[6] = {-1.25, -4.28125, 30.25, 12.25, -3.96875, 16.75};
    out_t y[6];
    fpga_tf::scale_shift<in_t, out_t, config>(x, y, scale, shift);
    for (unsigned i = 0; i < 6; i++) {
        CHECK(y[i] == out_t(expected[i])); // the one truncation
    }
    return 0;
}
