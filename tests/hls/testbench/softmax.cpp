#include "fpga_tf/softmax.h"

#include "check.h"
#include "softmax_numbers.h"

struct once : config { // one row over everything
    static const unsigned n_outer = 1;
    static const unsigned n_slice = 6;
    static const unsigned mask_period = 1;
    static const unsigned lead = 6;
    static const unsigned product_bits = 16;
    static const unsigned product_fraction = 14;
};

int main() {
    typedef ap_fixed<4, 4> in_t;
    typedef ap_ufixed<8, 1, AP_RND_CONV, AP_SAT> out_t;
    const tables table;
    const in_t x[6] = {3, 2, 2, -8, 7, 7};
    out_t y[6];

    const ap_uint<1> all[6] = {1, 1, 1, 1, 1, 1};
    fpga_tf::softmax_masked<in_t, ap_uint<1>, out_t, config>(x, all, y, table.exp, table.reciprocal);
    const double plain[6] = {0.5, 0.25, 0.25, 0.03125, 0.484375, 0.484375}; // 1/33 and 16/33 by the table
    for (unsigned i = 0; i < 6; i++) {
        CHECK(y[i] == plain[i]);
    }

    const ap_uint<1> some[6] = {0, 1, 1, 0, 0, 0};
    fpga_tf::softmax_masked<in_t, ap_uint<1>, out_t, config>(x, some, y, table.exp, table.reciprocal);
    const double masked[6] = {0, 0.5, 0.5, 0, 0, 0};
    for (unsigned i = 0; i < 6; i++) {
        CHECK(y[i] == masked[i]);
    }

    const in_t equal[6] = {1, 1, 1, -5, 1, 1}, small[6] = {0, 1, 1, 2, 1, 1};
    fpga_tf::softmax<in_t, out_t, once>(equal, y, table.exp, table.reciprocal);
    CHECK(y[0] == y[5]);
    CHECK(y[3] < y[0]);
    fpga_tf::softmax_masked<in_t, ap_uint<1>, out_t, direct>(small, all, y, table.powers, table.reciprocal);
    const double half[6] = {0.203125, 0.3984375, 0.3984375, 0.5, 0.25, 0.25}; // 1/5, 2/5 by the table
    for (unsigned i = 0; i < 6; i++) {
        CHECK(y[i] == half[i]);
    }
    return 0;
}
