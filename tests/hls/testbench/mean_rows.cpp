#include "fpga_tf/mean_rows.h"

#include "check.h"
#include "streams.h"

// rows of ap_fixed<3,1> (two fraction bits), result with one fraction bit: code = round(2 * sum / (4 * 3))
struct to_nearest {
    static const unsigned n_rows = 3;
    static const unsigned n_channels = 2;
    static const unsigned sum_bits = 5;
    static const unsigned num_bits = 12;
    static const unsigned wide_bits = 32;
    static const unsigned up = 0;
    static const long long den = 6LL;
    static const long long offset = 3LL;
    static const unsigned long long magic = 171ULL; // floor(2**10 / 6) + 1
    static const unsigned shift = 10;
    static const bool nearest = true;
    static const bool ties_to_even = true;
    typedef ap_fixed<3, 1> in_t;
    typedef ap_fixed<5, 3> accum_t;
    typedef ap_fixed<12, 11> rounded_t;
    typedef ap_fixed<2, 1, AP_RND_CONV, AP_SAT> out_t;
};

// the same, cut down
struct downwards : to_nearest {
    static const bool nearest = false;
    static const bool ties_to_even = false;
    typedef ap_fixed<2, 1> out_t;
};

int floor_of_sixth(int sum) { return (sum + 60) / 6 - 10; }

int expected(const to_nearest &, int sum) {
    const int low = floor_of_sixth(sum), rest = sum - 6 * low;
    return static_cast<int>(clamped(rest > 3 || (rest == 3 && low % 2 != 0) ? low + 1 : low, -2, 1));
}

int expected(const downwards &, int sum) { return ((floor_of_sixth(sum) + 2) & 3) - 2; }

template <class C> void check_mean(bool concurrent) {
    // six digits: three rows of two
    for (int n = 0; n < 1 << 18; n += concurrent ? 8191 : 5) {
        fpga_tf::fifo<fpga_tf::row<typename C::in_t, 2>, 1> x("x");
        fpga_tf::fifo<fpga_tf::row<typename C::out_t, 2>, 1> y("y");
        FPGA_TF_PROCESS(for (unsigned r = 0; r < 3; r++) {
            fpga_tf::row<typename C::in_t, 2> given;
            given[0] = coded<typename C::in_t>(digit(n, 2 * r));
            given[1] = coded<typename C::in_t>(digit(n, 2 * r + 1));
            x.write(given);
        });
        FPGA_TF_PROCESS((fpga_tf::mean_rows<C>(x, y)));
        const fpga_tf::row<typename C::out_t, 2> made = y.read();
        for (unsigned c = 0; c < 2; c++) {
            CHECK(code(made[c]) == expected(C(), digit(n, c) + digit(n, c + 2) + digit(n, c + 4)));
        }
        CHECK(x.size() == 0 && y.size() == 0);
    }
}

int main() {
    both_ways(check_mean<to_nearest>);
    both_ways(check_mean<downwards>);
    return 0;
}
