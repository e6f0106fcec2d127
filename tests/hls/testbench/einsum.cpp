#include "fpga_tf/einsum.h"

#include "check.h"
#include "codes.h"

// y[r][h][o] = sum_c x[r][h][c] * w[o][h][c] + b[o]: heads in place, and between the other axes.
struct dense : fpga_tf::einsum_dense_config {
    static const unsigned n_inplace = 2;
    static const unsigned n_left = 3;
    static const unsigned n_right = 4;
    static const unsigned n_contract = 5;
    static unsigned left_at(unsigned i, unsigned r, unsigned c) { return (r * 2 + i) * 5 + c; }
    static unsigned right_at(unsigned i, unsigned o, unsigned c) { return (o * 2 + i) * 5 + c; }
    static unsigned out_at(unsigned i, unsigned r, unsigned o) { return (r * 2 + i) * 4 + o; }
    static unsigned bias_at(unsigned, unsigned, unsigned o) { return o; }
    typedef ap_fixed<4, 1> weight_t; // 3 bits behind the point
    typedef ap_fixed<6, 3> bias_t;
    typedef ap_fixed<12, 8> accum_t;
};

// The same products; what the bias has behind the point is more than they have, or less.
struct fine : dense {
    typedef ap_fixed<6, -1> bias_t; // 7 bits behind the point, a product has 4
    typedef ap_fixed<15, 8> accum_t;
};
struct coarse : dense {
    typedef ap_fixed<6, 5> bias_t;
};

struct scores : fpga_tf::einsum_config {
    static const unsigned n_inplace = 2;
    static const unsigned n_left = 3;
    static const unsigned n_right = 4;
    static const unsigned n_contract = 5;
    static unsigned left_at(unsigned i, unsigned r, unsigned c) { return (r * 2 + i) * 5 + c; }
    static unsigned right_at(unsigned i, unsigned o, unsigned c) { return (o * 2 + i) * 5 + c; }
    static unsigned out_at(unsigned i, unsigned r, unsigned o) { return (i * 4 + o) * 3 + r; }
    typedef ap_fixed<13, 9> accum_t;
};

// Products of more bits than a machine integer has.
struct wide : scores {
    typedef ap_fixed<80, 80> accum_t;
};

typedef ap_fixed<5, 4> x_t; // a bit behind the point
typedef ap_fixed<7, 5, AP_RND_CONV, AP_SAT> out_t;

template <class T, unsigned N> void draw_values(T (&x)[N], int (&codes)[N]) {
    for (unsigned k = 0; k < N; k++) {
        codes[k] = draw(T::width);
        x[k] = coded<T>(codes[k]);
    }
}

// `bias_up` and `up`: what brings codes of biases and of products to the finer fraction, `fraction`.
template <class CONFIG_T> void check_dense(int bias_up, int up, int fraction) {
    x_t x[30];
    typename CONFIG_T::weight_t w[40];
    typename CONFIG_T::bias_t b[4];
    int x_codes[30], w_codes[40], b_codes[4];
    draw_values(x, x_codes);
    draw_values(w, w_codes);
    draw_values(b, b_codes);
    out_t y[24];
    fpga_tf::einsum_dense<x_t, out_t, CONFIG_T>(x, y, w, b);
    for (unsigned r = 0; r < 3; r++) {
        for (unsigned h = 0; h < 2; h++) {
            for (unsigned o = 0; o < 4; o++) {
                int sum = b_codes[o] * (1 << bias_up);
                for (unsigned c = 0; c < 5; c++) {
                    sum += x_codes[(r * 2 + h) * 5 + c] * w_codes[(o * 2 + h) * 5 + c] * (1 << up);
                }
                CHECK(code(y[(r * 2 + h) * 4 + o]) == rounded(sum, fraction - 2, 7));
            }
        }
    }
}

int main() {
    for (int times = 0; times < 20; times++) {
        check_dense<dense>(1, 0, 4);
        check_dense<fine>(0, 3, 7);
        check_dense<coarse>(3, 0, 4);
    }
    for (int times = 0; times < 20; times++) {
        typedef ap_ufixed<4, 1> positive_t;
        x_t a[30];
        positive_t b[40];
        int a_codes[30], b_codes[40];
        draw_values(a, a_codes);
        for (unsigned k = 0; k < 40; k++) {
            b_codes[k] = draw(5) & 15;
            b[k] = coded<positive_t>(b_codes[k]);
        }
        out_t y[24];
        fpga_tf::einsum<x_t, positive_t, out_t, scores>(a, b, y);
        for (unsigned h = 0; h < 2; h++) {
            for (unsigned o = 0; o < 4; o++) {
                for (unsigned r = 0; r < 3; r++) {
                    int sum = 0;
                    for (unsigned c = 0; c < 5; c++) {
                        sum += a_codes[(r * 2 + h) * 5 + c] * b_codes[(o * 2 + h) * 5 + c];
                    }
                    CHECK(code(y[(h * 4 + o) * 3 + r]) == rounded(sum, 2, 7));
                }
            }
        }
    }
    typedef ap_fixed<38, 38> long_t;
    long_t a[30], b[40];
    for (unsigned k = 0; k < 40; k++) {
        b[k] = long_t(1) << 36;
        a[k % 30] = -b[k];
    }
    ap_fixed<80, 80> y[24];
    fpga_tf::einsum<long_t, long_t, ap_fixed<80, 80>, wide>(a, b, y);
    for (unsigned k = 0; k < 24; k++) {
        CHECK(y[k] == -(ap_fixed<80, 80>(5) << 72));
    }
    return 0;
}
