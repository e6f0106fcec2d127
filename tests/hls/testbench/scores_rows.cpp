#include "fpga_tf/scores_rows.h"

#include "check.h"
#include "codes.h"

template <unsigned T, unsigned S, unsigned H, unsigned D, unsigned REUSE, bool IN_TURN>
struct config : fpga_tf::scores_rows_config {
    static const unsigned n_queries = T;
    static const unsigned n_keys = S;
    static const unsigned n_heads = H;
    static const unsigned n_dim = D;
    static const unsigned reuse = REUSE;
    static const bool in_turn = IN_TURN;
    typedef ap_fixed<3, 2> query_t;
    typedef ap_fixed<4, 2> key_t;
    typedef ap_fixed<10, 7> accum_t; // fraction 3
    typedef ap_fixed<5, 3, AP_RND_CONV, AP_SAT> out_t;
};

template <class C> struct sample {
    static const unsigned T = C::n_queries, S = C::n_keys, H = C::n_heads, D = C::n_dim;
    int query[T][H * D], key[S][H * D];

    void check() const {
        fpga_tf::fifo<fpga_tf::row<typename C::query_t, H * D>, 1> query_rows("query");
        fpga_tf::fifo<fpga_tf::row<typename C::key_t, H * D>, 1> key_rows("key");
        fpga_tf::fifo<fpga_tf::row<typename C::out_t, H * S>, 1> y("y");
        FPGA_TF_PROCESS(feed(query_rows, query));
        FPGA_TF_PROCESS(feed(key_rows, key));
        FPGA_TF_PROCESS((fpga_tf::scores_rows<C>(query_rows, key_rows, y)));
        for (unsigned t = 0; t < T; t++) {
            const fpga_tf::row<typename C::out_t, H * S> made = y.read();
            for (unsigned j = 0; j < H * S; j++) {
                int sum = 0;
                for (unsigned i = 0; i < D; i++) {
                    sum += query[t][j / S * D + i] * key[j % S][j / S * D + i];
                }
                CHECK(code(made[j]) == rounded(sum, 1, 5));
            }
        }
        CHECK(query_rows.size() == 0 && key_rows.size() == 0 && y.size() == 0);
    }
};

template <class C> void check_drawn() {
    for (int n = 0; n < 60; n++) {
        run_at_once(n % 6 == 5);
        sample<C> drawn;
        fill(drawn.query, 3);
        fill(drawn.key, 4);
        drawn.check();
    }
    run_at_once(false);
}

// Every pair of a query of two dimensions and a key, beside one that is its complement.
void check_all() {
    typedef config<1, 2, 1, 2, 1, false> C;
    for (int n = 0; n < 8 * 8 * 16 * 16; n++) {
        const sample<C> one = {{{(n & 7) - 4, (n >> 3 & 7) - 4}},
                               {{(n >> 6 & 15) - 8, (n >> 10) - 8}, {7 - (n >> 6 & 15), 7 - (n >> 10)}}};
        one.check();
    }
}

// 5 dimensions, 3 keys: a bank of 15 products; beyond 5, keys take turns.
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
    check<5>();
    check<6>();
    check<9>();
    check<10>();
    check<15>();
    check<99>();
    check_drawn<config<3, 1, 1, 1, 1, true>>();
    check_drawn<config<3, 4, 3, 2, 5, true>>(); // keys of four in two groups
    return 0;
}
