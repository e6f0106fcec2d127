#include "fpga_tf/hgq_softmax.h"

#include "check.h"

// Powers of two stand in for exp, so that the expected weights can be told by hand.
struct config : fpga_tf::hgq_softmax_config {
    static const unsigned n_outer = 1;
    static const unsigned n_slice = 2;
    static const unsigned n_inner = 2;
    static const bool stable = true;
    static const unsigned exp_address_bits = 2;
    static const unsigned n_exp = 4;
    static const unsigned inverse_address_bits = 3;
    static const unsigned n_inverse = 8;
    static const unsigned total_bits = 5;
    static const unsigned product_bits = 7;
    typedef ap_uint<4> exp_table_t;
    typedef ap_uint<3> inverse_table_t;
    typedef ap_ufixed<5, 5> span_t;
    typedef ap_ufixed<2, 2, AP_TRN, AP_SAT> normal_t; // differences from 3 on look alike
    typedef ap_ufixed<5, 2> total_t;                  // a sum of eighths
    typedef ap_ufixed<3, 2, AP_RND, AP_SAT> entry_t;  // looked up in halves
    typedef ap_uint<7> product_t;
    typedef ap_ufixed<7, 2> weight_t; // eighths times quarters
};

struct collapsed : config { // nothing is left of the sum: every row is scaled alike
    static const unsigned inverse_address_bits = 0;
    static const unsigned n_inverse = 1;
    typedef ap_ufixed<1, 1> entry_t;
};

struct direct : config { // no maximum: the bits of a score, its sign first, are the address
    static const bool stable = false;
    static const unsigned exp_address_bits = 4;
    static const unsigned n_exp = 16;
    static const unsigned n_slice = 1;
    static const unsigned n_inner = 4;
    typedef ap_fixed<4, 4> normal_t;
};

int main() {
    typedef ap_fixed<4, 4> in_t;
    typedef ap_ufixed<9, 3> out_t;
    const ap_uint<4> exp_table[4] = {8, 4, 2, 1};
    const ap_uint<3> inverse[8] = {7, 7, 4, 3, 2, 2, 1, 1};
    const in_t x[4] = {3, -8, 2, 7}; // rows (3, 2) and (-8, 7)
    out_t y[4];

    fpga_tf::hgq_softmax<in_t, out_t, config>(x, y, exp_table, inverse);
    const double rows[4] = {8 * 3 / 32., 1 * 4 / 32., 4 * 3 / 32., 8 * 4 / 32.}; // sums 12/8 and 9/8
    for (int i = 0; i < 4; i++) {
        CHECK(y[i] == rows[i]);
    }
    const ap_uint<3> half[1] = {2};
    fpga_tf::hgq_softmax<in_t, out_t, collapsed>(x, y, exp_table, half);
    const double alike[4] = {0.5, 0.0625, 0.25, 0.5};
    for (int i = 0; i < 4; i++) {
        CHECK(y[i] == alike[i]);
    }
    ap_uint<4> powers[16];
    for (int i = 0; i < 16; i++) {
        powers[i] = i < 8 ? 8 : 16 - i; // a negative score has its top bit set
    }
    fpga_tf::hgq_softmax<in_t, out_t, direct>(x, y, powers, inverse);
    const double each[4] = {8 * 4 / 32., 8 * 4 / 32., 8 * 4 / 32., 8 * 4 / 32.};
    for (int i = 0; i < 4; i++) {
        CHECK(y[i] == each[i]);
    }
    const in_t below[4] = {-1, -2, -4, -8};
    fpga_tf::hgq_softmax<in_t, out_t, direct>(below, y, powers, inverse);
    const double negative[4] = {1 * 7 / 32., 2 * 7 / 32., 4 * 7 / 32., 8 * 4 / 32.}; // 1/8 and 2/8 round to halves 0, 1
    for (int i = 0; i < 4; i++) {
        CHECK(y[i] == negative[i]);
    }
    return 0;
}
