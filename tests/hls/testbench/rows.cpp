#include "fpga_tf/rows.h"

#include "check.h"
#include "hls_stream.h"
#include "streams.h"

using fpga_tf::fifo;
using fpga_tf::row;

typedef ap_fixed<3, 2> small_t;                    // one fraction bit
typedef ap_ufixed<3, 1> other_t;                   // two
typedef ap_fixed<6, 4> both_t;                     // holds their sums
typedef ap_ufixed<2, 2, AP_RND_CONV, AP_SAT> few_t; // rounds and saturates: a rectifier

// Of the interface of hls4ml's nnet::array: rows at the ports.
template <class T, unsigned N> struct array {
    typedef T value_type;
    static const unsigned size = N;
    T data[N];
    T &operator[](std::size_t i) { return data[i]; }
    const T &operator[](std::size_t i) const { return data[i]; }
};

struct config : fpga_tf::rows_config {
    static const unsigned n_rows = 3;
    static const unsigned n_channels = 2;
    static const unsigned n_left = 2;
    static const unsigned n_right = 1;
    static const unsigned n_first = 3;
    static const unsigned n_second = 2;
    typedef small_t in_t;
    typedef both_t out_t;
    typedef ap_fixed<9, 6> accum_t;      // three fraction bits
    typedef ap_int<4> scale_t;           // two
    typedef fpga_tf::integer<6> shift_t; // three
};
struct few : config {
    typedef few_t out_t;
};
struct scaled : config {
    typedef ap_fixed<4, 3, AP_RND_CONV, AP_SAT> out_t;
};

// `count` rows of N digits of n, from digit `first` on.
template <class T, unsigned N, class S> void feed(S &y, int n, unsigned count, unsigned first = 0) {
    for (unsigned r = 0; r < count; r++) {
        row<T, N> made;
        for (unsigned c = 0; c < N; c++) {
            made[c] = coded<T>(digit(n, first + r * N + c));
        }
        y.write(made);
    }
}

int small_digit(int n, unsigned place) { return digit(n, place); }
int other_digit(int n, unsigned place) { return digit(n, place) & 7; }

// From an array through a format to an array; numbers of six digits.
void check_convert(int n) {
    small_t x[6];
    few_t y[6];
    for (unsigned i = 0; i < 6; i++) {
        x[i] = coded<small_t>(digit(n, i));
        y[i] = 0;
    }
    {
        fifo<row<small_t, 2>, 1> given("given");
        fifo<row<few_t, 2>, 1> made("made");
        FPGA_TF_PROCESS((fpga_tf::to_rows<config>(x, given)));
        FPGA_TF_PROCESS((fpga_tf::quantise_rows<few>(given, made)));
        FPGA_TF_PROCESS((fpga_tf::from_rows<few>(made, y)));
    }
    for (unsigned i = 0; i < 6; i++) {
        CHECK(code(y[i]) == clamped(half_even(small_digit(n, i), 1), 0, 3));
    }
}

void check_fork(int n) {
    fifo<row<small_t, 2>, 1> x("x"), a("a"), b("b"), c("c"), d("d"), e("e"), f("f"), g("g"), h("h"), i("i");
    FPGA_TF_PROCESS((feed<small_t, 2>(x, n, 3)));
    FPGA_TF_PROCESS((fpga_tf::fork_rows<config>(x, a, b)));
    FPGA_TF_PROCESS((fpga_tf::fork_rows<config>(a, c, d, e)));
    FPGA_TF_PROCESS((fpga_tf::fork_rows<config>(b, f, g, h, i)));
    for (unsigned r = 0; r < 3; r++) {
        for (fifo<row<small_t, 2>, 1> *s : {&c, &d, &e, &f, &g, &h, &i}) {
            const row<small_t, 2> made = s->read();
            CHECK(code(made[0]) == digit(n, 2 * r) && code(made[1]) == digit(n, 2 * r + 1));
        }
    }
}

void check_add(int n) {
    fifo<row<small_t, 2>, 1> a("a");
    fifo<row<other_t, 2>, 1> b("b");
    fifo<row<both_t, 2>, 1> y("y");
    FPGA_TF_PROCESS((feed<small_t, 2>(a, n, 3)));
    FPGA_TF_PROCESS((feed<other_t, 2>(b, n, 3, 1)));
    FPGA_TF_PROCESS((fpga_tf::add_rows<config>(a, b, y)));
    for (unsigned r = 0; r < 3; r++) {
        const row<both_t, 2> made = y.read();
        for (unsigned c = 0; c < 2; c++) {
            CHECK(code(made[c]) == 2 * small_digit(n, 2 * r + c) + other_digit(n, 2 * r + c + 1));
        }
    }
}

void check_concat(int n) {
    fifo<row<small_t, 2>, 1> a("a");
    fifo<row<other_t, 1>, 1> b("b");
    fifo<row<both_t, 3>, 1> y("y");
    FPGA_TF_PROCESS((feed<small_t, 2>(a, n, 3)));
    FPGA_TF_PROCESS((feed<other_t, 1>(b, n, 3, 1)));
    FPGA_TF_PROCESS((fpga_tf::concat_rows<config>(a, b, y)));
    for (unsigned r = 0; r < 3; r++) {
        const row<both_t, 3> made = y.read();
        CHECK(code(made[0]) == 2 * small_digit(n, 2 * r) && code(made[1]) == 2 * small_digit(n, 2 * r + 1));
        CHECK(code(made[2]) == other_digit(n, r + 1));
    }
}

void check_append(int n) {
    fifo<row<small_t, 2>, 1> a("a");
    fifo<row<other_t, 2>, 1> b("b");
    fifo<row<both_t, 2>, 1> y("y");
    FPGA_TF_PROCESS((feed<small_t, 2>(a, n, 3)));
    FPGA_TF_PROCESS((feed<other_t, 2>(b, n, 2, 1)));
    FPGA_TF_PROCESS((fpga_tf::append_rows<config>(a, b, y)));
    for (unsigned r = 0; r < 5; r++) {
        const row<both_t, 2> made = y.read();
        for (unsigned c = 0; c < 2; c++) {
            const unsigned i = 2 * r + c;
            CHECK(code(made[c]) == (r < 3 ? 2 * small_digit(n, i) : other_digit(n, i - 6 + 1)));
        }
    }
}

void check_scale_shift(int n) {
    const int scales[2] = {-8, 7}, shifts[2] = {-32, 21};
    const ap_int<4> scale[2] = {-8, 7};
    const fpga_tf::integer<6> shift[2] = {-32, 21};
    fifo<row<small_t, 2>, 1> x("x");
    fifo<row<scaled::out_t, 2>, 1> y("y");
    FPGA_TF_PROCESS((feed<small_t, 2>(x, n, 3)));
    FPGA_TF_PROCESS((fpga_tf::scale_shift_rows<scaled>(x, y, scale, shift)));
    for (unsigned r = 0; r < 3; r++) {
        const row<scaled::out_t, 2> made = y.read();
        for (unsigned c = 0; c < 2; c++) {
            const int sum = digit(n, 2 * r + c) * scales[c] + shifts[c];
            CHECK(code(made[c]) == clamped(half_even(sum, 2), -8, 7));
        }
    }
}

// Arrays of hls4ml at the ports, rows between.
void check_ports(int n) {
    hls::stream<array<small_t, 2>> x("x");
    hls::stream<array<both_t, 2>> y("y");
    for (unsigned r = 0; r < 3; r++) {
        array<small_t, 2> given;
        given[0] = coded<small_t>(digit(n, 2 * r));
        given[1] = coded<small_t>(digit(n, 2 * r + 1));
        x.write(given);
    }
    {
        fifo<row<small_t, 2>, 1> a("a"), b("b");
        FPGA_TF_PROCESS((fpga_tf::fork_rows<config>(x, a, b)));
        FPGA_TF_PROCESS((fpga_tf::add_rows<config>(a, b, y)));
    }
    for (unsigned r = 0; r < 3; r++) {
        const array<both_t, 2> made = y.read();
        CHECK(code(made[0]) == 4 * digit(n, 2 * r) && code(made[1]) == 4 * digit(n, 2 * r + 1));
    }
}

int main() {
    both_ways([](bool concurrent) {
        // numbers of seven digits; an odd step meets every digit at every place
        for (int n = 0; n < 1 << 21; n += concurrent ? 62281 : 127) {
            check_convert(n);
            check_fork(n);
            check_add(n);
            check_concat(n);
            check_append(n);
            check_scale_shift(n);
            check_ports(n);
        }
    });
    return 0;
}
