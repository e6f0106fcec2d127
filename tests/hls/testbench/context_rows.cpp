#include "fpga_tf/context_rows.h"

#include "check.h"
#include "codes.h"

template <unsigned T, unsigned S, unsigned H, unsigned D, unsigned REUSE, bool IN_TURN>
struct config : fpga_tf::context_rows_config {
    static const unsigned n_queries = T;
    static const unsigned n_keys = S;
    static const unsigned n_heads = H;
    static const unsigned n_dim = D;
    static const unsigned reuse = REUSE;
    static const bool in_turn = IN_TURN;
    typedef ap_ufixed<3, 0> weights_t;
    typedef ap_fixed<4, 2> value_t;
    typedef ap_fixed<8, 7> accum_t; // whose fraction is not that of the products
    typedef ap_fixed<5, 2, AP_RND_CONV, AP_SAT> out_t;
};

template <class C> struct sample {
    static const unsigned T = C::n_queries, S = C::n_keys, H = C::n_heads, D = C::n_dim;
    int weights[T][H * S], value[S][H * D];

    void check() const {
        fpga_tf::fifo<fpga_tf::row<typename C::weights_t, H * S>, 1> weights_rows("weights");
        fpga_tf::fifo<fpga_tf::row<typename C::value_t, H * D>, 1> value_rows("value");
        fpga_tf::fifo<fpga_tf::row<typename C::out_t, H * D>, 1> y("y");
        FPGA_TF_PROCESS(feed(weights_rows, weights));
        FPGA_TF_PROCESS(feed(value_rows, value));
        FPGA_TF_PROCESS((fpga_tf::context_rows<C>(weights_rows, value_rows, y)));
        for (unsigned t = 0; t < T; t++) {
            const fpga_tf::row<typename C::out_t, H * D> made = y.read();
            for (unsigned j = 0; j < H * D; j++) {
                int sum = 0;
                for (unsigned s = 0; s < S; s++) {
                    sum += (weights[t][j / D * S + s] & 7) * value[s][j];
                }
                CHECK(code(made[j]) == rounded(sum, 2, 5));
            }
        }
        CHECK(weights_rows.size() == 0 && value_rows.size() == 0 && y.size() == 0);
    }
};

template <class C> void check_drawn() {
    for (int n = 0; n < 60; n++) {
        run_at_once(n % 6 == 5);
        sample<C> drawn;
        fill(drawn.weights, 3);
        fill(drawn.value, 4);
        drawn.check();
    }
    run_at_once(false);
}

// Every pair of two weights and two values, in a column beside that of their complements.
void check_all() {
    typedef config<1, 2, 1, 2, 1, false> C;
    for (int n = 0; n < 8 * 8 * 16 * 16; n++) {
        const sample<C> one = {{{n & 7, n >> 3 & 7}},
                               {{(n >> 6 & 15) - 8, 7 - (n >> 6 & 15)}, {(n >> 10) - 8, 7 - (n >> 10)}}};
        one.check();
    }
}

// 3 keys, 5 dimensions: a bank of 15 products; beyond 3, dimensions take turns.
template <unsigned REUSE> void check() {
    check_drawn<config<2, 3, 2, 5, REUSE, false>>();
    check_drawn<config<4, 3, 2, 5, REUSE, true>>();
}

int main() {
    check_all();
    check<1>();
    check<2>();
    check<3>();
    check<4>();
    check<6>();
    check<9>();
    check<12>();
    check<15>();
    check<99>();
    check_drawn<config<3, 1, 1, 1, 1, true>>();
    check_drawn<config<2, 7, 3, 2, 4, false>>(); // seven keys in four steps of two
    return 0;
}
