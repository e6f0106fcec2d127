#ifndef LAYER_NORM_NUMBERS_H_
#define LAYER_NORM_NUMBERS_H_

#include "fpga_tf/layer_norm.h"

#include <cmath>

// Epsilon is 1/16, the last bit of the root's argument, and the input's format such that results can be told by hand.
struct config : fpga_tf::layer_norm_config { // rows of four: the means move the point
    static const unsigned n_outer = 2;
    static const unsigned n_slice = 4;
    static const unsigned mean_sum_bits = 8, mean_num_bits = 14, mean_wide_bits = 25, mean_up = 0, mean_shift = 0;
    static const long long mean_den = 1LL, mean_offset = 0LL;
    static const unsigned long long mean_magic = 1ULL;
    static const bool mean_nearest = true;
    static const unsigned variance_sum_bits = 20, variance_num_bits = 23, variance_wide_bits = 43, variance_up = 0;
    static const unsigned variance_shift = 0;
    static const long long variance_den = 1LL, variance_offset = 0LL;
    static const unsigned long long variance_magic = 1ULL;
    static const bool variance_nearest = true;
    static const unsigned variance_bits = 10;
    static const unsigned guard = 1;
    static const long long epsilon_code = 1LL;
    static const unsigned half = 5;
    static const unsigned address_bits = 6;
    static const unsigned n_roots = 192;
    static const unsigned root_bits = 13;
    typedef ap_fixed<8, 4, AP_RND_CONV, AP_SAT> mean_t;
    typedef ap_fixed<8, 6> mean_sum_t;
    typedef ap_fixed<8, 4> mean_moved_t;
    typedef ap_fixed<14, 10> mean_rounded_t;
    typedef ap_fixed<9, 5, AP_RND_CONV, AP_SAT> deviation_t;
    typedef ap_ufixed<17, 9> square_t;
    typedef ap_ufixed<10, 7, AP_RND_CONV, AP_SAT> variance_t;
    typedef ap_fixed<20, 12> variance_sum_t;
    typedef ap_fixed<20, 10> variance_moved_t;
    typedef ap_fixed<23, 20> variance_rounded_t;
    typedef ap_ufixed<8, 3, AP_RND_CONV, AP_SAT> inverse_t;
    typedef ap_ufixed<13, 2> root_t;
    typedef ap_fixed<24, 12> accum_t;
    typedef ap_fixed<4, 3> gamma_t;
    typedef ap_fixed<4, 3> beta_t;
    typedef ap_uint<8> root_table_t;
};

struct thirds : config { // rows of three: the means are divisions, rounded once
    static const unsigned n_slice = 3;
    static const unsigned mean_up = 2, mean_shift = 12;
    static const long long mean_den = 3LL, mean_offset = 171LL;
    static const unsigned long long mean_magic = 1366ULL;
    static const unsigned variance_sum_bits = 19, variance_shift = 26;
    static const long long variance_den = 96LL, variance_offset = 2731LL;
    static const unsigned long long variance_magic = 699051ULL;
    typedef ap_fixed<19, 11> variance_sum_t;
};

struct roots {
    ap_uint<8> table[192];

    roots() {
        for (int i = 0; i < 192; i++) {
            table[i] = int(std::floor(256 / std::sqrt(1 + (i + 0.5) / 64) + 0.5));
        }
    }
};

#endif
