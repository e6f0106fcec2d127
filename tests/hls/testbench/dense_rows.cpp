#include "fpga_tf/dense_rows.h"

#include "check.h"

// 5 inputs, 3 outputs: no reuse factor but 1 and 5 divides either.
template <unsigned REUSE> struct config : fpga_tf::dense_rows_config {
    static const unsigned n_rows = 2;
    static const unsigned n_in = 5;
    static const unsigned n_out = 3;
    static const unsigned reuse = REUSE;
    typedef fpga_tf::bank<n_in, n_out, REUSE> bank_t;
    static const unsigned n_weights = bank_t::steps * bank_t::multipliers;
    typedef ap_fixed<3, 2> in_t;
    typedef ap_fixed<5, 3, AP_RND_CONV, AP_SAT> out_t;
    typedef ap_fixed<12, 9> accum_t; // fraction 3
    typedef ap_int<4> weight_t;      // fraction 2
    typedef ap_int<6> bias_t;        // fraction 3
};

const int weights[3][5] = {{-8, 7, 3, 0, -1}, {1, -2, 4, 5, -6}, {7, 7, -8, -8, 2}};
const int biases[3] = {-20, 0, 31};

template <unsigned REUSE> void check_reuse(bool concurrent) {
    typedef config<REUSE> C;
    typedef typename C::bank_t bank_t;
    ap_int<4> w[C::n_weights];
    ap_int<6> b[3];
    for (unsigned s = 0; s < bank_t::steps; s++) {
        for (unsigned m = 0; m < bank_t::multipliers; m++) {
            const unsigned o = s / bank_t::input_steps * bank_t::width + m / bank_t::parallel;
            const unsigned i = s % bank_t::input_steps * bank_t::parallel + m % bank_t::parallel;
            w[s * bank_t::multipliers + m] = o < 3 && i < 5 ? weights[o][i] : 0;
        }
    }
    for (unsigned o = 0; o < 3; o++) {
        b[o] = biases[o];
    }
    fpga_tf::concurrent() = concurrent;
    // every pair of rows whose five codes are a base-8 number and its neighbour: each row comes twice
    for (int n = 0; n + 1 < 8 * 8 * 8 * 8 * 8; n += concurrent ? 4099 : 1) {
        fpga_tf::fifo<fpga_tf::row<typename C::in_t, 5>, 1> x("x");
        fpga_tf::fifo<fpga_tf::row<typename C::out_t, 3>, 1> y("y");
        FPGA_TF_PROCESS(for (int r = 0; r < 2; r++) {
            fpga_tf::row<typename C::in_t, 5> given;
            for (unsigned i = 0; i < 5; i++) {
                given[i].range(2, 0) = ap_uint<3>((n + r) >> (3 * i));
            }
            x.write(given);
        });
        FPGA_TF_PROCESS((fpga_tf::dense_rows<C>(x, y, w, b)));
        for (int r = 0; r < 2; r++) {
            const fpga_tf::row<typename C::out_t, 3> made = y.read();
            for (unsigned o = 0; o < 3; o++) {
                ap_fixed<12, 9> sum;
                int total = biases[o];
                for (unsigned i = 0; i < 5; i++) {
                    total += weights[o][i] * ((((n + r) >> (3 * i)) & 7) ^ 4) - 4 * weights[o][i];
                }
                sum.range(11, 0) = ap_int<12>(total).range(11, 0);
                CHECK(made[o] == typename C::out_t(sum));
            }
        }
        CHECK(x.size() == 0 && y.size() == 0);
    }
}

template <unsigned REUSE> void check() {
    check_reuse<REUSE>(false);
    check_reuse<REUSE>(true);
}

int main() {
    static_assert(fpga_tf::bank<5, 3, 2>::multipliers == 9 && fpga_tf::bank<5, 3, 2>::steps == 2, "halved");
    static_assert(fpga_tf::bank<5, 3, 4>::multipliers == 6 && fpga_tf::bank<5, 3, 4>::steps == 3, "at most four");
    static_assert(fpga_tf::bank<5, 3, 10>::multipliers == 2 && fpga_tf::bank<5, 3, 10>::steps == 10, "in turn");
    static_assert(fpga_tf::bank<5, 3, 99>::multipliers == 1 && fpga_tf::bank<5, 3, 99>::steps == 15, "one for all");
    check<1>();
    check<2>();
    check<4>();
    check<5>();
    check<10>();
    check<99>();
    return 0;
}
