#include "fpga_tf/layer_norm.h"

#include <cmath>

#include "check.h"
#include "layer_norm_numbers.h"

int main() {
    typedef ap_fixed<6, 4> in_t;
    typedef ap_fixed<12, 5, AP_RND_CONV, AP_SAT> out_t;
    const roots root;

    // the root is as good as its table at every variance; that of epsilon alone is 4
    for (int code = 0; code < 1024; code++) {
        config::variance_t variance;
        variance.range(9, 0) = code;
        const double exact = 1 / std::sqrt(code / 8.0 + 1 / 16.0);
        const double off = std::abs(fpga_tf::inverse_root<config>(variance, root.table).to_double() - exact);
        CHECK(off <= exact * (1 / 256.0 + 1 / 256.0) + 1 / 64.0);
    }
    CHECK(fpga_tf::inverse_root<config>(0, root.table) == 4);

    const in_t x[8] = {1, 1, 1, 1, 3, -1, 3, -1};
    const config::gamma_t gamma[4] = {1, -1.5, 0.5, 3};
    const config::beta_t beta[4] = {0.5, 1, -2, 0};
    const double expected[8] = {0.5, 1, -2, 0, 1.5, 2.5, -1.5, -3};
    out_t y[8];
    fpga_tf::layer_norm<in_t, out_t, config>(x, y, gamma, beta, root.table);
    for (unsigned i = 0; i < 8; i++) {
        CHECK(y[i] == expected[i]);
    }

    // a last bit above all sums
    typedef ap_fixed<4, 60, AP_RND_CONV, AP_SAT> coarse_t;
    coarse_t z[8];
    fpga_tf::layer_norm<in_t, coarse_t, config>(x, z, gamma, beta, root.table);
    for (unsigned i = 0; i < 8; i++) {
        CHECK(z[i] == 0);
    }

    const in_t odd[6] = {3, 0, 0, 1, 0, 0};
    const config::gamma_t ones[3] = {1, 1, 1};
    const config::beta_t zeros[3] = {0, 0, 0};
    // means 1 and 5/16, variances 2 and 1/4, roots 22/32 and 57/32
    const double rounded[6] = {1.375, -0.6875, -0.6875, 1.2265625, -0.5546875, -0.5546875};
    fpga_tf::layer_norm<in_t, out_t, thirds>(odd, y, ones, zeros, root.table);
    for (unsigned i = 0; i < 6; i++) {
        CHECK(y[i] == rounded[i]);
    }
    return 0;
}
