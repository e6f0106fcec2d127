#include "fpga_tf/mean.h"

#include "check.h"

// rows of ap_fixed<6,4> (two fraction bits), result with one fraction bit: code = round(2 * sum / (4 * 6))
struct config : fpga_tf::mean_config {
    static const unsigned n_rows = 6;
    static const unsigned n_channels = 2;
    static const unsigned sum_bits = 10;
    static const unsigned num_bits = 16;
    static const unsigned wide_bits = 48;
    static const unsigned up = 0;
    static const long long den = 12LL;
    static const long long offset = 43LL;
    static const unsigned long long magic = 1398102ULL; // floor(2**24 / 12) + 1
    static const unsigned shift = 24;
    static const bool nearest = true;
    static const bool ties_to_even = true;
    typedef ap_fixed<10, 8> accum_t;
    typedef ap_fixed<16, 15> rounded_t;
};

int main() {
    typedef ap_fixed<6, 4> in_t;
    typedef ap_fixed<6, 5, AP_RND_CONV, AP_SAT> out_t;
    in_t x[12];
    out_t y[2];
    for (int sum = -192; sum <= 186; sum++) {
        for (int r = 0; r < 6; r++) {
            const int part = (sum + 192) / 6 + (r < (sum + 192) % 6 ? 1 : 0) - 32;
            x[2 * r].range(5, 0) = ap_int<6>(part);
            x[2 * r + 1].range(5, 0) = ap_int<6>(r == 0 ? part : 0);
        }
        fpga_tf::mean<in_t, out_t, config>(x, y);
        int low = (sum + 1200) / 12 - 100, rest = (sum + 1200) % 12;
        if (rest > 6 || (rest == 6 && low % 2 != 0)) {
            low++;
        }
        CHECK(y[0] == low * 0.5);
    }
    return 0;
}
