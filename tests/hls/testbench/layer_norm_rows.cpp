#include "fpga_tf/layer_norm_rows.h"

#include "check.h"
#include "codes.h"
#include "layer_norm_numbers.h"

typedef ap_fixed<6, 4> in_t;
typedef ap_fixed<12, 5, AP_RND_CONV, AP_SAT> out_t;

template <class BASE> struct row_config : BASE {
    static const unsigned n_rows = 2;
    typedef ::out_t out_t;
};

// Drawn rows against layer_norm.h.
template <class C> void check() {
    const unsigned N = C::n_slice;
    const roots root;
    for (int n = 0; n < 3000; n++) {
        run_at_once(n % 100 == 99);
        int codes[2][N];
        in_t x[2 * N];
        out_t expected[2 * N];
        typename C::gamma_t gamma[N];
        typename C::beta_t beta[N];
        fill(codes, 6);
        for (unsigned j = 0; j < N; j++) {
            gamma[j] = coded<typename C::gamma_t>(draw(4));
            beta[j] = coded<typename C::beta_t>(draw(4));
            x[j] = coded<in_t>(codes[0][j]);
            x[N + j] = coded<in_t>(codes[1][j]);
        }
        fpga_tf::layer_norm<in_t, out_t, C>(x, expected, gamma, beta, root.table);
        fpga_tf::fifo<fpga_tf::row<in_t, N>, 1> in("in");
        fpga_tf::fifo<fpga_tf::row<out_t, N>, 1> out("out");
        FPGA_TF_PROCESS(feed(in, codes));
        FPGA_TF_PROCESS((fpga_tf::layer_norm_rows<row_config<C>>(in, out, gamma, beta, root.table)));
        for (unsigned r = 0; r < 2; r++) {
            const fpga_tf::row<out_t, N> made = out.read();
            for (unsigned j = 0; j < N; j++) {
                CHECK(made[j] == expected[r * N + j]);
            }
        }
        CHECK(in.size() == 0 && out.size() == 0);
    }
    run_at_once(false);
}

int main() {
    check<config>();
    check<thirds>();
    return 0;
}
