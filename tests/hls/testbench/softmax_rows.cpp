#include "fpga_tf/softmax_rows.h"

#include "check.h"
#include "codes.h"
#include "softmax_numbers.h"

const unsigned T = 3, S = 3, H = 2;
const tables table;
typedef ap_ufixed<8, 1, AP_RND_CONV, AP_SAT> out_t;

template <class BASE, bool IN_TURN, bool EACH_ROW> struct row_config : BASE {
    static const unsigned n_rows = T;
    static const unsigned n_heads = H;
    static const bool in_turn = IN_TURN;
    static const unsigned mask_rows = EACH_ROW ? T : 1;
    static const unsigned mask_period = mask_rows * S;
    typedef ap_uint<1> keep_t;
    typedef ::out_t out_t;
};

// What softmax.h makes of the heads of a row.
template <class BASE> struct heads : BASE {
    static const unsigned n_outer = H;
    static const unsigned mask_period = S;
};

const ap_uint<5> *exponentials(bool stable) { return stable ? table.exp : table.powers; }

template <class C, class BASE> struct sample {
    int scores[T][H * S], mask[C::mask_rows][S];
    fpga_tf::fifo<fpga_tf::row<ap_fixed<4, 4>, H * S>, 1> x;
    fpga_tf::fifo<fpga_tf::row<ap_uint<1>, S>, 1> bits;
    fpga_tf::fifo<fpga_tf::row<out_t, H * S>, 1> y;

    explicit sample(unsigned n) : x("x"), bits("bits"), y("y") {
        fill(scores, 4);
        for (unsigned j = 0; j < C::mask_rows * S; j++) {
            mask[j / S][j % S] = n >> j & 1;
        }
    }

    void check_rows() {
        for (unsigned t = 0; t < T; t++) {
            ap_fixed<4, 4> given[H * S];
            ap_uint<1> keep[S];
            out_t expected[H * S];
            bool any = false;
            for (unsigned j = 0; j < S; j++) {
                keep[j] = mask[C::mask_rows == 1 ? 0 : t][j];
                any = any || keep[j] != 0;
            }
            for (unsigned j = 0; j < H * S; j++) {
                given[j] = scores[t][j];
            }
            fpga_tf::softmax_masked<ap_fixed<4, 4>, ap_uint<1>, out_t, heads<BASE>>(
                given, keep, expected, exponentials(BASE::stable), table.reciprocal);
            const fpga_tf::row<out_t, H * S> made = y.read();
            for (unsigned j = 0; j < H * S; j++) {
                CHECK(made[j] == expected[j]);
                CHECK(any || made[j] == 0);
            }
        }
        CHECK(x.size() == 0 && bits.size() == 0 && y.size() == 0);
    }

    // a mask of constants that is not there, if all scores count
    void check_constant() {
        ap_uint<1> keep[C::mask_rows * S];
        bool all = true;
        for (unsigned j = 0; j < C::mask_rows * S; j++) {
            keep[j] = mask[j / S][j % S];
            all = all && keep[j] != 0;
        }
        FPGA_TF_PROCESS(feed(x, scores));
        FPGA_TF_PROCESS((fpga_tf::softmax_rows_kept<C>(x, y, exponentials(C::stable), table.reciprocal, keep)));
        check_rows();
        if (all) {
            FPGA_TF_PROCESS(feed(x, scores));
            FPGA_TF_PROCESS((fpga_tf::softmax_rows<C>(x, y, exponentials(C::stable), table.reciprocal)));
            check_rows();
        }
    }

    void check_stream() {
        FPGA_TF_PROCESS(feed(x, scores));
        FPGA_TF_PROCESS(feed(bits, mask));
        FPGA_TF_PROCESS((fpga_tf::softmax_rows_masked<C>(x, bits, y, exponentials(C::stable), table.reciprocal)));
        check_rows();
    }
};

// Every mask of a row, or of three rows (the causal one among them), thrice with other scores.
template <class BASE, bool IN_TURN, bool EACH_ROW> void check() {
    typedef row_config<BASE, IN_TURN, EACH_ROW> C;
    for (unsigned n = 0; n < 3u << (C::mask_rows * S); n++) {
        run_at_once(n % 64 == 63);
        sample<C, BASE>(n).check_constant();
        sample<C, BASE>(n).check_stream();
        sample<C, BASE>(~0u).check_constant();
    }
    run_at_once(false);
}

template <class BASE> void check_base() {
    check<BASE, false, false>();
    check<BASE, true, false>();
    check<BASE, false, true>();
    check<BASE, true, true>();
}

int main() {
    check_base<config>();
    check_base<direct>();
    return 0;
}
