#include "fpga_tf/softmax.h"

#include "check.h"

// Powers of two stand in for exp, so that the expected weights can be told by hand.
struct config : fpga_tf::softmax_config {
    static const unsigned n_outer = 2;
    static const unsigned n_slice = 3;
    static const unsigned n_inner = 1;
    static const unsigned mask_period = 6;
    static const bool stable = true;
    static const unsigned in_bits = 4;
    static const long long lowest = -8LL;
    static const unsigned n_exp = 5;
    static const unsigned exp_shift = 0;
    static const unsigned lead = 5; // the sum is at most 3 * 16
    static const unsigned address_bits = 5;
    static const unsigned n_reciprocal = 32;
    static const unsigned reciprocal_bits = 9;
    static const unsigned product_bits = 15;
    static const unsigned product_fraction = 13;
    typedef ap_uint<5> exp_table_t;
    typedef ap_uint<9> reciprocal_table_t;
    typedef ap_int<4> code_t;
};

struct once : config { // one row over everything
    static const unsigned n_outer = 1;
    static const unsigned n_slice = 6;
    static const unsigned mask_period = 1;
    static const unsigned lead = 6;
    static const unsigned product_bits = 16;
    static const unsigned product_fraction = 14;
};

struct direct : config { // no maximum: the code is the address
    static const bool stable = false;
    static const unsigned n_exp = 16;
};

int main() {
    typedef ap_fixed<4, 4> in_t;
    typedef ap_ufixed<8, 1, AP_RND_CONV, AP_SAT> out_t;
    ap_uint<5> exp_table[5], powers[16];
    ap_uint<9> reciprocal[32];
    for (int i = 0; i < 16; i++) {
        powers[i] = i < 5 ? 1 << i : 0;
        if (i < 5) {
            exp_table[i] = 16 >> i;
        }
    }
    for (int i = 0; i < 32; i++) {
        reciprocal[i] = 256 * 32 / (32 + i);
    }
    const in_t x[6] = {3, 2, 2, -8, 7, 7};
    out_t y[6];

    const ap_uint<1> all[6] = {1, 1, 1, 1, 1, 1};
    fpga_tf::softmax_masked<in_t, ap_uint<1>, out_t, config>(x, all, y, exp_table, reciprocal);
    const double plain[6] = {0.5, 0.25, 0.25, 0.03125, 0.484375, 0.484375}; // 1/33 and 16/33 by the table
    for (unsigned i = 0; i < 6; i++) {
        CHECK(y[i] == plain[i]);
    }

    const ap_uint<1> some[6] = {0, 1, 1, 0, 0, 0};
    fpga_tf::softmax_masked<in_t, ap_uint<1>, out_t, config>(x, some, y, exp_table, reciprocal);
    const double masked[6] = {0, 0.5, 0.5, 0, 0, 0};
    for (unsigned i = 0; i < 6; i++) {
        CHECK(y[i] == masked[i]);
    }

    const in_t equal[6] = {1, 1, 1, -5, 1, 1}, small[6] = {0, 1, 1, 2, 1, 1};
    fpga_tf::softmax<in_t, out_t, once>(equal, y, exp_table, reciprocal);
    CHECK(y[0] == y[5]);
    CHECK(y[3] < y[0]);
    fpga_tf::softmax_masked<in_t, ap_uint<1>, out_t, direct>(small, all, y, powers, reciprocal);
    const double half[6] = {0.203125, 0.3984375, 0.3984375, 0.5, 0.25, 0.25}; // 1/5, 2/5 by the table
    for (unsigned i = 0; i < 6; i++) {
        CHECK(y[i] == half[i]);
    }
    return 0;
}
