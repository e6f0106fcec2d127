#include "fpga_tf/arrays.h"

#include "check.h"

struct config : fpga_tf::from_rows_by_query_config, fpga_tf::copy_array_config {
    static const unsigned n_queries = 2;
    static const unsigned n_heads = 3;
    static const unsigned n_keys = 2;
    static const unsigned n_values = 12;
};

int main() {
    fpga_tf::fifo<fpga_tf::row<int, 6>, 2> rows("rows");
    for (int t = 0; t < 2; t++) {
        fpga_tf::row<int, 6> one;
        for (int i = 0; i < 6; i++) {
            one[static_cast<unsigned>(i)] = 100 * t + i;
        }
        rows.write(one);
    }
    int y[12];
    fpga_tf::from_rows_by_query<config>(rows, y);
    const int expected[12] = {0, 1, 100, 101, 2, 3, 102, 103, 4, 5, 104, 105};
    int copies[4][12] = {};
    fpga_tf::copy_array<config>(expected, copies[0], copies[1], copies[2], copies[3]);
    for (unsigned i = 0; i < 12; i++) {
        CHECK(y[i] == expected[i]);
        CHECK(copies[0][i] == expected[i] && copies[1][i] == expected[i]);
        CHECK(copies[2][i] == expected[i] && copies[3][i] == expected[i]);
    }
    int a[12] = {}, b[12] = {}, c[12] = {};
    fpga_tf::copy_array<config>(y, a, b);
    fpga_tf::copy_array<config>(b, a, b, c);
    for (unsigned i = 0; i < 12; i++) {
        CHECK(a[i] == y[i] && b[i] == y[i] && c[i] == y[i]);
    }
    return 0;
}
