#include "ap_fixed.h"
#include "fpga_tf/quantise.h"

#include "check.h"

struct config : fpga_tf::quantise_config {
    static const unsigned n_in = 6;
};

int main() {
    typedef ap_fixed<10, 5> in_t;
    const in_t x[6] = {0.5, 1.5, -0.5, 2.25, 15.5, -15.5};
    ap_fixed<4, 4, AP_RND_CONV, AP_SAT> y[6];
    fpga_tf::quantise<in_t, ap_fixed<4, 4, AP_RND_CONV, AP_SAT>, config>(x, y);
    const int even[6] = {0, 2, 0, 2, 7, -8};
    ap_ufixed<3, 3, AP_TRN, AP_SAT> z[6];
    fpga_tf::quantise<in_t, ap_ufixed<3, 3, AP_TRN, AP_SAT>, config>(x, z);
    const int rectified[6] = {0, 1, 0, 2, 7, 0};
    for (unsigned i = 0; i < 6; i++) {
        CHECK(y[i] == even[i]);
        CHECK(z[i] == rectified[i]);
    }
    // last bits above the values' first ones; ap_fixed's own assignment reads beyond that, and aborts
    typedef ap_fixed<5, 9, AP_RND_CONV, AP_SAT> coarse_t;
    const ap_fixed<5, 1> small[6] = {0.5, -0.5, 0.9375, -1, 0, 0.0625};
    coarse_t w[6];
    fpga_tf::quantise<ap_fixed<5, 1>, coarse_t, config>(small, w);
    for (unsigned i = 0; i < 6; i++) {
        CHECK(w[i] == 0);
    }
    return 0;
}
