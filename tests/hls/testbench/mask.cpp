#include "ap_fixed.h"
#include "ap_int.h"
#include "fpga_tf/mask.h"

#include "check.h"

typedef ap_ufixed<1, 1> bit_t;

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

struct joined : fpga_tf::mask_and_config {
    static const unsigned n_in = 6;
};

struct rows : fpga_tf::masking_config {
    static const unsigned n_rows = 3;
    static const unsigned n_channels = 2;
    typedef ap_fixed<4, 3> value_t;
};

int main() {
    const ap_uint<1> keep[6] = {1, 1, 1, 1, 0, 1};
    const bit_t by_key[3] = {1, 1, 0}, by_query[2] = {0, 1};
    bit_t a[6], b[6], both[6];
    fpga_tf::mask_expand<bit_t, bit_t, keys>(by_key, a, keep);
    fpga_tf::mask_expand<bit_t, bit_t, queries>(by_query, b, keep);
    fpga_tf::mask_and<bit_t, bit_t, bit_t, joined>(a, b, both);
    const int expected_a[6] = {1, 1, 0, 1, 0, 0}, expected_b[6] = {0, 0, 0, 1, 0, 1};
    for (unsigned i = 0; i < 6; i++) {
        CHECK(a[i] == expected_a[i]);
        CHECK(b[i] == expected_b[i]);
        CHECK(both[i] == (expected_a[i] && expected_b[i]));
    }

    typedef ap_fixed<4, 3> in_t;
    const in_t x[6] = {-1.5, -1.5, -1.5, 2, 0, 0};
    const rows::value_t value[1] = {-1.5};
    bit_t mask[3];
    in_t y[6];
    fpga_tf::masking<in_t, bit_t, rows>(x, mask, value);
    fpga_tf::mask_apply<in_t, bit_t, in_t, rows>(x, mask, y);
    const int expected_mask[3] = {0, 1, 1};
    for (unsigned r = 0; r < 3; r++) {
        CHECK(mask[r] == expected_mask[r]);
        for (unsigned c = 0; c < 2; c++) {
            CHECK(y[2 * r + c] == (expected_mask[r] ? x[2 * r + c] : in_t(0)));
        }
    }
    return 0;
}
