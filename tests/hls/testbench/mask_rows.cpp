#include "ap_fixed.h"
#include "ap_int.h"
#include "fpga_tf/mask_rows.h"

#include "check.h"
#include "codes.h"

typedef ap_uint<1> bit_t;

struct keys : fpga_tf::mask_expand_config {
    static const unsigned n_in = 3;
    static const unsigned n_rows = 2;
    static const unsigned n_columns = 3;
    static const unsigned row_stride = 0;
    static const unsigned column_stride = 1;
    typedef ap_uint<1> keep_t;
};

struct queries : keys {
    static const unsigned n_in = 2;
    static const unsigned row_stride = 1;
    static const unsigned column_stride = 0;
};

struct rows : fpga_tf::masking_config {
    static const unsigned n_rows = 3;
    static const unsigned n_channels = 2;
    typedef ap_fixed<3, 2> value_t;
    typedef ap_ufixed<2, 2, AP_RND_CONV, AP_SAT> out_t;
};

// Every mask under every mask of constants, against mask.h.
template <class C> void check_expand() {
    for (int n = 0; n < 64 << C::n_in; n++) {
        bit_t x[C::n_in], keep[6], expected[6];
        int bits[1][C::n_in];
        for (unsigned i = 0; i < C::n_in; i++) {
            bits[0][i] = n >> (6 + i) & 1;
            x[i] = bits[0][i];
        }
        for (unsigned i = 0; i < 6; i++) {
            keep[i] = n >> i & 1;
        }
        fpga_tf::fifo<fpga_tf::row<bit_t, C::n_in>, 1> in("in");
        fpga_tf::fifo<fpga_tf::row<bit_t, 3>, 2> out("out");
        feed(in, bits);
        fpga_tf::mask_expand_rows<C>(in, out, keep);
        fpga_tf::mask_expand<bit_t, bit_t, C>(x, expected, keep);
        for (unsigned t = 0; t < 2; t++) {
            const fpga_tf::row<bit_t, 3> made = out.read();
            for (unsigned s = 0; s < 3; s++) {
                CHECK(made[s] == expected[3 * t + s]);
            }
        }
        CHECK(in.size() == 0 && out.size() == 0);
    }
}

struct square : keys {
    static const unsigned n_in = 6;
    static const unsigned row_stride = 3;
};

struct column : queries {
    static const unsigned n_rows = 3;
    static const unsigned n_columns = 2;
    static const unsigned n_in = 3;
};

// Every mask that comes in rows under every mask of constants, against mask.h.
template <class C> void check_keep() {
    const unsigned across = C::n_in / C::n_rows;
    for (int n = 0; n < 64 << C::n_in; n++) {
        bit_t x[C::n_in], keep[6], expected[6];
        int bits[C::n_rows][across];
        for (unsigned i = 0; i < C::n_in; i++) {
            bits[i / across][i % across] = n >> (6 + i) & 1;
            x[i] = n >> (6 + i) & 1;
        }
        for (unsigned i = 0; i < 6; i++) {
            keep[i] = n >> i & 1;
        }
        fpga_tf::fifo<fpga_tf::row<bit_t, across>, C::n_rows> in("in");
        fpga_tf::fifo<fpga_tf::row<bit_t, C::n_columns>, C::n_rows> out("out");
        feed(in, bits);
        fpga_tf::mask_keep_rows<C>(in, out, keep);
        fpga_tf::mask_expand<bit_t, bit_t, C>(x, expected, keep);
        for (unsigned t = 0; t < C::n_rows; t++) {
            const fpga_tf::row<bit_t, C::n_columns> made = out.read();
            for (unsigned s = 0; s < C::n_columns; s++) {
                CHECK(made[s] == expected[C::n_columns * t + s]);
            }
        }
        CHECK(in.size() == 0 && out.size() == 0);
    }
}

// Three rows of two bits.
void check_and() {
    for (int n = 0; n < 1 << 12; n++) {
        int left[3][2], right[3][2];
        for (unsigned i = 0; i < 6; i++) {
            left[i / 2][i % 2] = n >> i & 1;
            right[i / 2][i % 2] = n >> (6 + i) & 1;
        }
        fpga_tf::fifo<fpga_tf::row<bit_t, 2>, 3> a("a"), b("b"), y("y");
        feed(a, left);
        feed(b, right);
        fpga_tf::mask_and_rows<rows>(a, b, y);
        for (unsigned r = 0; r < 3; r++) {
            const fpga_tf::row<bit_t, 2> made = y.read();
            CHECK(made[0] == (left[r][0] & right[r][0]) && made[1] == (left[r][1] & right[r][1]));
        }
        CHECK(a.size() == 0 && b.size() == 0 && y.size() == 0);
    }
}

// Rows of drawn values, most of them the masked one.
void check_masking(bool concurrent) {
    typedef rows::value_t in_t;
    typedef rows::out_t out_t;
    const rows::value_t value[1] = {-1};
    run_at_once(concurrent);
    for (int n = 0; n < (concurrent ? 20 : 2000); n++) {
        int codes[3][2];
        fill(codes, 3);
        for (unsigned i = 0; i < 6; i++) {
            codes[i / 2][i % 2] = draw(2) != 0 ? -2 : codes[i / 2][i % 2];
        }
        fpga_tf::fifo<fpga_tf::row<in_t, 2>, 1> x("x");
        fpga_tf::fifo<fpga_tf::row<in_t, 2>, 3> again("again");
        fpga_tf::fifo<fpga_tf::row<bit_t, 3>, 1> mask("mask"), same("same");
        fpga_tf::fifo<fpga_tf::row<out_t, 2>, 1> y("y");
        FPGA_TF_PROCESS(feed(x, codes));
        FPGA_TF_PROCESS(feed(again, codes));
        FPGA_TF_PROCESS((fpga_tf::masking_rows<rows>(x, mask, value)));
        const fpga_tf::row<bit_t, 3> made = mask.read();
        same.write(made);
        FPGA_TF_PROCESS((fpga_tf::mask_apply_rows<rows>(again, same, y)));
        for (unsigned r = 0; r < 3; r++) {
            const bool any = codes[r][0] != -2 || codes[r][1] != -2;
            CHECK(made[r] == any);
            const fpga_tf::row<out_t, 2> kept = y.read();
            for (unsigned c = 0; c < 2; c++) {
                CHECK((kept[c] == (any ? out_t(coded<in_t>(codes[r][c])) : out_t(0))));
            }
        }
        CHECK(x.size() == 0 && again.size() == 0 && mask.size() == 0 && same.size() == 0 && y.size() == 0);
    }
}

int main() {
    check_expand<keys>();
    check_expand<queries>();
    check_keep<square>();
    check_keep<column>();
    check_and();
    check_masking(false);
    check_masking(true);
    return 0;
}
