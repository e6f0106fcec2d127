#include "fpga_tf/dense_rows.h"

#include "check.h"
#include "streams.h"

// Values with sign: products and sums have three fraction bits, a result has two and saturates.
struct with_sign {
    typedef ap_fixed<3, 2> in_t;
    typedef ap_fixed<5, 3, AP_RND_CONV, AP_SAT> out_t;
    typedef ap_fixed<10, 7> accum_t;
    typedef ap_int<4> weight_t;
    typedef ap_int<6> bias_t;
    static int input(int n, unsigned place) { return digit(n, place); }
    static int weight(unsigned n) { return static_cast<int>(n * 11 % 16) - 8; }
    static int bias(unsigned o) { return static_cast<int>(o * 37 % 64) - 32; }
    static long long output(long long sum) { return clamped(half_even(sum, 1), -16, 15); }
};

// The same numbers with constants that are machine integers where sums are.
struct with_integers : with_sign {
    typedef fpga_tf::integer<4> weight_t;
    typedef fpga_tf::integer<6> bias_t;
};

// No sign anywhere; a result is cut and wraps.
struct without_sign {
    typedef ap_ufixed<3, 1> in_t;
    typedef ap_ufixed<4, 3> out_t;
    typedef ap_ufixed<10, 6> accum_t;
    typedef ap_uint<4> weight_t;
    typedef ap_uint<6> bias_t;
    static int input(int n, unsigned place) { return (n >> (3 * place)) & 7; }
    static int weight(unsigned n) { return static_cast<int>(n * 11 % 16); }
    static int bias(unsigned o) { return static_cast<int>(o * 37 % 64); }
    static long long output(long long sum) { return (sum >> 3) & 15; }
};

template <class T, unsigned ROWS, unsigned N_IN, unsigned N_OUT, unsigned REUSE>
struct config : fpga_tf::dense_rows_config, T {
    static const unsigned n_rows = ROWS;
    static const unsigned n_in = N_IN;
    static const unsigned n_out = N_OUT;
    static const unsigned reuse = REUSE;
    typedef fpga_tf::bank<N_IN, N_OUT, REUSE> bank_t;
};

template <class T, unsigned ROWS, unsigned N_IN, unsigned N_OUT, unsigned REUSE>
struct rows_config : config<T, ROWS, N_IN, N_OUT, REUSE> {
    typedef fpga_tf::bank<N_IN, N_OUT, REUSE> bank_t;
    static const unsigned n_weights = bank_t::steps * bank_t::multipliers;
};

template <class T, unsigned ROWS, unsigned N_IN, unsigned N_OUT, unsigned REUSE>
struct whole_config : config<T, ROWS, N_IN, N_OUT, REUSE> {
    typedef fpga_tf::bank<N_IN, N_OUT, REUSE> bank_t;
    static const unsigned n_weights = ROWS * bank_t::steps * bank_t::multipliers;
};

template <class T, unsigned ROWS, unsigned CHANNELS, unsigned N_OUT, unsigned REUSE>
struct mix_config : config<T, ROWS, 1, N_OUT, REUSE> {
    typedef fpga_tf::bank<1, N_OUT, REUSE> bank_t;
    static const unsigned n_channels = CHANNELS;
    static const unsigned n_weights = ROWS * bank_t::steps * bank_t::multipliers;
};

// Number of the weight of output o and input i of row r.
template <class C> unsigned place(unsigned r, unsigned o, unsigned i) { return (r * C::n_out + o) * C::n_in + i; }

// Matrices of `rows` rows in the order of the steps, zeros where the bank is larger.
template <class C> void arrange(unsigned rows, typename C::weight_t *w) {
    typedef typename C::bank_t bank_t;
    for (unsigned r = 0; r < rows; r++) {
        for (unsigned s = 0; s < bank_t::steps; s++) {
            for (unsigned m = 0; m < bank_t::multipliers; m++) {
                const unsigned o = s / bank_t::input_steps * bank_t::width + m / bank_t::parallel;
                const unsigned i = s % bank_t::input_steps * bank_t::parallel + m % bank_t::parallel;
                *w++ = o < C::n_out && i < C::n_in ? C::weight(place<C>(r, o, i)) : 0;
            }
        }
    }
}

// Row r of sample n: every sample is other digits.
template <class C, unsigned N> fpga_tf::row<typename C::in_t, N> given_row(int n, unsigned r) {
    fpga_tf::row<typename C::in_t, N> made;
    for (unsigned i = 0; i < N; i++) {
        made[i] = coded<typename C::in_t>(C::input(n, r * N + i));
    }
    return made;
}

// 64 rows a sample, every row of four digits once.
template <class C> void check_rows(bool concurrent) {
    typename C::weight_t w[C::n_weights];
    typename C::bias_t b[C::n_out];
    arrange<C>(1, w);
    for (unsigned o = 0; o < C::n_out; o++) {
        b[o] = C::bias(o);
    }
    const int rows = 1 << (3 * C::n_in), all = static_cast<int>(C::n_rows);
    for (int n = 0; n < (concurrent ? all : rows); n += all) {
        fpga_tf::fifo<fpga_tf::row<typename C::in_t, C::n_in>, 1> x("x");
        fpga_tf::fifo<fpga_tf::row<typename C::out_t, C::n_out>, 1> y("y");
        FPGA_TF_PROCESS(for (int r = 0; r < all; r++) { x.write(given_row<C, C::n_in>(n + r, 0)); });
        FPGA_TF_PROCESS((fpga_tf::dense_rows<C>(x, y, w, b)));
        for (int r = 0; r < all; r++) {
            const fpga_tf::row<typename C::out_t, C::n_out> made = y.read();
            for (unsigned o = 0; o < C::n_out; o++) {
                long long sum = C::bias(o);
                for (unsigned i = 0; i < C::n_in; i++) {
                    sum += C::weight(place<C>(0, o, i)) * C::input(n + r, i);
                }
                CHECK(code(made[o]) == C::output(sum));
            }
        }
        CHECK(x.size() == 0 && y.size() == 0);
    }
}

template <class C> void check_whole(bool concurrent) {
    typename C::weight_t w[C::n_weights];
    typename C::bias_t b[C::n_out];
    arrange<C>(C::n_rows, w);
    for (unsigned o = 0; o < C::n_out; o++) {
        b[o] = C::bias(o);
    }
    for (int n = 0; n < 1 << (3 * C::n_rows * C::n_in); n += concurrent ? 511 : 1) {
        fpga_tf::fifo<fpga_tf::row<typename C::in_t, C::n_in>, 1> x("x");
        fpga_tf::fifo<fpga_tf::row<typename C::out_t, C::n_out>, 1> y("y");
        FPGA_TF_PROCESS(for (unsigned r = 0; r < C::n_rows; r++) { x.write(given_row<C, C::n_in>(n, r)); });
        FPGA_TF_PROCESS((fpga_tf::dense_whole<C>(x, y, w, b)));
        const fpga_tf::row<typename C::out_t, C::n_out> made = y.read();
        for (unsigned o = 0; o < C::n_out; o++) {
            long long sum = C::bias(o);
            for (unsigned r = 0; r < C::n_rows; r++) {
                for (unsigned i = 0; i < C::n_in; i++) {
                    sum += C::weight(place<C>(r, o, i)) * C::input(n, r * C::n_in + i);
                }
            }
            CHECK(code(made[o]) == C::output(sum));
        }
        CHECK(x.size() == 0 && y.size() == 0);
    }
}

template <class C> void check_mix(bool concurrent) {
    typename C::weight_t w[C::n_weights];
    arrange<C>(C::n_rows, w);
    for (int n = 0; n < 1 << (3 * C::n_rows * C::n_channels); n += concurrent ? 511 : 1) {
        fpga_tf::fifo<fpga_tf::row<typename C::in_t, C::n_channels>, 1> x("x");
        fpga_tf::fifo<fpga_tf::row<typename C::out_t, C::n_channels>, 1> y("y");
        FPGA_TF_PROCESS(for (unsigned r = 0; r < C::n_rows; r++) { x.write(given_row<C, C::n_channels>(n, r)); });
        FPGA_TF_PROCESS((fpga_tf::mix_rows<C>(x, y, w)));
        for (unsigned k = 0; k < C::n_out; k++) {
            const fpga_tf::row<typename C::out_t, C::n_channels> made = y.read();
            for (unsigned c = 0; c < C::n_channels; c++) {
                long long sum = 0;
                for (unsigned r = 0; r < C::n_rows; r++) {
                    sum += C::weight(place<C>(r, k, 0)) * C::input(n, r * C::n_channels + c);
                }
                CHECK(code(made[c]) == C::output(sum));
            }
        }
        CHECK(x.size() == 0 && y.size() == 0);
    }
}

// Every reuse factor from REUSE down.
template <class T, unsigned REUSE> struct up_to {
    static void check() {
        up_to<T, REUSE - 1>::check();
        both_ways([](bool concurrent) {
            check_rows<rows_config<T, 64, 4, 3, REUSE>>(concurrent);
            check_rows<rows_config<T, 8, 2, 5, REUSE>>(concurrent);
            check_whole<whole_config<T, 2, 2, 3, REUSE>>(concurrent);
            check_mix<mix_config<T, 2, 2, 3, REUSE>>(concurrent);
            check_mix<mix_config<T, 3, 1, 5, REUSE>>(concurrent);
        });
    }
};
template <class T> struct up_to<T, 0> {
    static void check() {}
};

int main() {
    up_to<with_sign, 14>::check();
    up_to<with_integers, 2>::check();
    up_to<without_sign, 3>::check();
    return 0;
}
