#ifndef SOFTMAX_NUMBERS_H_
#define SOFTMAX_NUMBERS_H_

#include "fpga_tf/softmax.h"

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

struct direct : config { // no maximum: the code is the address
    static const bool stable = false;
    static const unsigned n_exp = 16;
};

struct tables {
    ap_uint<5> exp[5], powers[16];
    ap_uint<9> reciprocal[32];

    tables() {
        for (int i = 0; i < 16; i++) {
            powers[i] = i < 5 ? 1 << i : 0;
            if (i < 5) {
                exp[i] = 16 >> i;
            }
        }
        for (int i = 0; i < 32; i++) {
            reciprocal[i] = 256 * 32 / (32 + i);
        }
    }
};

#endif
