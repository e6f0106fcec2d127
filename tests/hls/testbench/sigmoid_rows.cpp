#include "fpga_tf/sigmoid_rows.h"

#include "check.h"
#include "codes.h"

// sigmoid(x) in sixteenths for x in halves, from 0 to 1.5, then from -2 to -0.5.
struct config : fpga_tf::sigmoid_config {
    static const unsigned n_rows = 3;
    static const unsigned n_channels = 2;
    static const unsigned n_in = 6;
    static const unsigned in_bits = 3;
    static const unsigned out_bits = 5;
    static const unsigned n_entries = 8;
    typedef ap_uint<4> sigmoid_table_t;
};

// Every value in every place, against sigmoid.h and against the numbers themselves.
void check(bool concurrent) {
    typedef ap_fixed<3, 2> in_t;
    typedef ap_fixed<5, 1, AP_RND_CONV, AP_SAT> out_t;
    const ap_uint<4> table[8] = {8, 10, 12, 13, 2, 3, 4, 6};
    run_at_once(concurrent);
    for (int n = 0; n < 8; n++) {
        int codes[3][2];
        in_t values[6];
        for (int i = 0; i < 6; i++) {
            codes[i / 2][i % 2] = (n + i) % 8 - 4;
            values[i] = coded<in_t>(codes[i / 2][i % 2]);
        }
        out_t expected[6];
        fpga_tf::sigmoid<in_t, out_t, config>(values, expected, table);
        fpga_tf::fifo<fpga_tf::row<in_t, 2>, 1> x("x");
        fpga_tf::fifo<fpga_tf::row<out_t, 2>, 1> y("y");
        FPGA_TF_PROCESS(feed(x, codes));
        FPGA_TF_PROCESS((fpga_tf::sigmoid_rows<config>(x, y, table)));
        for (int i = 0; i < 6; i += 2) {
            const fpga_tf::row<out_t, 2> made = y.read();
            for (int c = 0; c < 2; c++) {
                const int entry = codes[i / 2][c] & 7;
                CHECK(made[c] == expected[i + c]);
                CHECK(made[c] == table[entry].to_double() / 16);
            }
        }
        CHECK(x.size() == 0 && y.size() == 0);
    }
    run_at_once(false);
}

int main() {
    check(false);
    check(true);
    return 0;
}
