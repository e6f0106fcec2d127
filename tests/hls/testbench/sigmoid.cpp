#include "fpga_tf/sigmoid.h"

#include "check.h"

// sigmoid(x) in sixteenths for x in halves, from 0 to 1.5, then from -2 to -0.5.
struct config : fpga_tf::sigmoid_config {
    static const unsigned n_in = 4;
    static const unsigned in_bits = 3;
    static const unsigned out_bits = 4;
    static const unsigned n_entries = 8;
    typedef ap_uint<4> sigmoid_table_t;
};

struct wide : config {
    static const unsigned out_bits = 7;
};

int main() {
    typedef ap_fixed<3, 2> in_t; // -2 to 1.5
    typedef ap_ufixed<4, 0, AP_RND_CONV, AP_SAT> out_t;
    const ap_uint<4> table[8] = {8, 10, 12, 13, 2, 3, 4, 6};
    const in_t x[4] = {0, 1.5, -2, -0.5};
    const double expected[4] = {8 / 16., 13 / 16., 2 / 16., 6 / 16.};
    out_t y[4];
    fpga_tf::sigmoid<in_t, out_t, config>(x, y, table);
    ap_fixed<7, 3> z[4]; // a sign and bits above that stay zero
    for (int i = 0; i < 4; i++) {
        z[i] = -1;
    }
    fpga_tf::sigmoid<in_t, ap_fixed<7, 3>, wide>(x, z, table);
    for (int i = 0; i < 4; i++) {
        CHECK(y[i] == expected[i]);
        CHECK(z[i] == expected[i]);
    }
    return 0;
}
