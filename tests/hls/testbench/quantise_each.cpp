#include "ap_fixed.h"
#include "fpga_tf/quantise_each.h"

#include "check.h"

// As it is generated: elements 0 and 3 in one format, 1 always zero, 2 wraps.
struct config : fpga_tf::quantise_each_config {
    static const unsigned n_in = 4;
    template <class in_T, class out_T> static void convert(const in_T *x, out_T *y) {
        static const unsigned at0[2] = {0, 3};
        for (unsigned j = 0; j < 2; j++) {
            y[at0[j]] = ap_ufixed<3, 3, AP_RND, AP_SAT, 0>(x[at0[j]]);
        }
        static const unsigned at1[1] = {1};
        for (unsigned j = 0; j < 1; j++) {
            y[at1[j]] = 0;
        }
        static const unsigned at2[1] = {2};
        for (unsigned j = 0; j < 1; j++) {
            y[at2[j]] = ap_fixed<4, 2, AP_TRN, AP_WRAP, 0>(x[at2[j]]);
        }
    }
};

int main() {
    typedef ap_fixed<12, 6> in_t;
    typedef ap_fixed<6, 4> out_t;
    const in_t given[3][4] = {{2.5, 9.25, 2.5, -1}, {7.75, -3, -2.125, 0.484375}, {-20, 31, 1.75, 31}};
    const double expected[3][4] = {{3, 0, -1.5, 0}, {7, 0, 1.75, 0}, {0, 0, 1.75, 7}};
    for (unsigned s = 0; s < 3; s++) {
        out_t y[4];
        fpga_tf::quantise_each<in_t, out_t, config>(given[s], y);
        for (unsigned i = 0; i < 4; i++) {
            CHECK(y[i] == expected[s][i]);
        }
    }
    return 0;
}
