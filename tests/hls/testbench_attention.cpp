// An attention of four stages as a dataflow region, against plain integers:
//   query, key and value projections; scores; softmax under a mask; context; the output's projection.
// With an argument, the FIFO of the queries is too shallow: the scores wait for the last key, and it for the queries.

#include <cmath>

#include "fpga_tf/context_rows.h"
#include "fpga_tf/dense_rows.h"
#include "fpga_tf/rows.h"
#include "fpga_tf/scores_rows.h"
#include "fpga_tf/softmax_rows.h"

#include "check.h"
#include "codes.h"

const unsigned T = 5, C = 4, H = 2, K = 3, V = 2; // rows, channels, heads, dimensions of keys and of values

typedef ap_fixed<4, 2> x_t;
typedef ap_fixed<5, 3, AP_RND_CONV, AP_SAT> projected_t; // fraction 2
typedef ap_fixed<6, 4, AP_RND_CONV, AP_SAT> score_t;     // fraction 2
typedef ap_ufixed<6, 1, AP_RND_CONV, AP_SAT> weight_t;   // fraction 5
typedef ap_fixed<6, 3, AP_RND_CONV, AP_SAT> context_t;   // fraction 3
typedef ap_fixed<8, 4, AP_RND_CONV, AP_SAT> y_t;         // fraction 4

template <unsigned N_IN, unsigned N_OUT, unsigned REUSE, class IN_T, class OUT_T>
struct dense_config : fpga_tf::dense_rows_config {
    static const unsigned n_rows = T;
    static const unsigned n_in = N_IN;
    static const unsigned n_out = N_OUT;
    static const unsigned reuse = REUSE;
    typedef fpga_tf::bank<N_IN, N_OUT, REUSE> bank_t;
    static const unsigned n_weights = bank_t::steps * bank_t::multipliers;
    typedef IN_T in_t;
    typedef OUT_T out_t;
    typedef ap_fixed<16, 16 - fpga_tf::number<IN_T>::fraction - 2> accum_t; // weights of fraction 2
    typedef ap_int<4> weight_t;
    typedef ap_int<6> bias_t;
};

struct shared {
    static const unsigned n_rows = T;
    static const unsigned n_channels = C;
    static const unsigned n_queries = T;
    static const unsigned n_keys = T;
    static const unsigned n_heads = H;
};

template <unsigned REUSE, bool IN_TURN> struct scores_config : shared {
    static const unsigned n_dim = K;
    static const unsigned reuse = REUSE;
    static const bool in_turn = IN_TURN;
    typedef projected_t query_t;
    typedef projected_t key_t;
    typedef ap_fixed<12, 8> accum_t;
    typedef score_t out_t;
};

template <unsigned REUSE, bool IN_TURN> struct context_config : shared {
    static const unsigned n_dim = V;
    static const unsigned reuse = REUSE;
    static const bool in_turn = IN_TURN;
    typedef ::weight_t weights_t;
    typedef projected_t value_t;
    typedef ap_fixed<14, 7> accum_t;
    typedef context_t out_t;
};

template <bool IN_TURN> struct softmax_config : fpga_tf::softmax_rows_config {
    static const unsigned n_rows = T;
    static const unsigned n_heads = H;
    static const unsigned n_slice = T;
    static const bool in_turn = IN_TURN;
    static const unsigned in_bits = 6;
    static const long long lowest = -32LL;
    static const unsigned n_exp = 16;
    static const unsigned exp_shift = 1;
    static const unsigned lead = 8; // the sum is at most 5 * 64
    static const unsigned address_bits = 4;
    static const unsigned n_reciprocal = 16;
    static const unsigned reciprocal_bits = 8;
    static const unsigned product_bits = 24;
    static const unsigned product_fraction = 15;
    typedef ap_uint<7> exp_table_t;
    typedef ap_uint<8> reciprocal_table_t;
    typedef ::weight_t out_t;
};

enum mask_kind { NONE, CAUSAL, KEYS, EACH };

template <bool IN_TURN, mask_kind MASK> struct masked_config : softmax_config<IN_TURN> {
    static const unsigned mask_rows = MASK == EACH ? T : 1;
    static const unsigned mask_period = T * T; // of the causal mask
    typedef ap_uint<1> keep_t;
};

// The matrix and the biases of a projection, drawn once.
template <unsigned N_IN, unsigned N_OUT> struct weights {
    int w[N_OUT][N_IN], b[1][N_OUT];

    weights() {
        fill(w, 4);
        fill(b, 6);
    }

    template <class C> void arrange(ap_int<4> *matrix, ap_int<6> *bias) const {
        typedef typename C::bank_t bank_t;
        for (unsigned m = 0; m < C::n_weights; m++) {
            const unsigned step = m / bank_t::multipliers, place = m % bank_t::multipliers;
            const unsigned o = step / bank_t::input_steps * bank_t::width + place / bank_t::parallel;
            const unsigned i = step % bank_t::input_steps * bank_t::parallel + place % bank_t::parallel;
            matrix[m] = o < N_OUT && i < N_IN ? w[o][i] : 0;
        }
        for (unsigned o = 0; o < N_OUT; o++) {
            bias[o] = b[0][o];
        }
    }

    int sum(const int x[N_IN], unsigned o) const {
        int total = b[0][o];
        for (unsigned i = 0; i < N_IN; i++) {
            total += x[i] * w[o][i];
        }
        return total;
    }
};

struct tables {
    ap_uint<7> exp[16];
    ap_uint<8> reciprocal[16];

    tables() {
        for (int i = 0; i < 16; i++) {
            exp[i] = static_cast<int>(64 * std::exp(-0.5 * i) + 0.5);
            reciprocal[i] = (2 * 128 * 16 / (16 + i) + 1) / 2;
        }
    }
};

const weights<C, H * K> of_query, of_key;
const weights<C, H * V> of_value;
const weights<H * V, C> of_output;
const tables table;

// Row t of the output, in plain integers.
struct reference {
    int query[T][H * K], key[T][H * K], value[T][H * V];

    explicit reference(const int (&x)[T][C]) {
        for (unsigned t = 0; t < T; t++) {
            for (unsigned i = 0; i < H * K; i++) {
                query[t][i] = rounded(of_query.sum(x[t], i), 2, 5);
                key[t][i] = rounded(of_key.sum(x[t], i), 2, 5);
            }
            for (unsigned i = 0; i < H * V; i++) {
                value[t][i] = rounded(of_value.sum(x[t], i), 2, 5);
            }
        }
    }

    void weigh(const int score[T], const int keep[T], int weight[T]) const {
        int most = -32, total = 0, log = 0;
        for (unsigned s = 0; s < T; s++) {
            most = keep[s] && score[s] > most ? score[s] : most;
        }
        for (unsigned s = 0; s < T; s++) {
            const int place = (most - score[s]) / 2;
            weight[s] = keep[s] ? table.exp[place > 15 ? 15 : place].to_int() : 0;
            total += weight[s];
        }
        while (total >> (log + 1) != 0) {
            log++;
        }
        for (unsigned s = 0; s < T; s++) {
            const int inverse = total == 0 ? 0 : table.reciprocal[total * 16 / (1 << log) - 16].to_int() << (8 - log);
            weight[s] = rounded(weight[s] * inverse, 10, 7);
        }
    }

    void row(unsigned t, const int keep[T], int y[C]) const {
        int context[H * V];
        for (unsigned h = 0; h < H; h++) {
            int score[T], weight[T];
            for (unsigned s = 0; s < T; s++) {
                int sum = 0;
                for (unsigned i = h * K; i < (h + 1) * K; i++) {
                    sum += query[t][i] * key[s][i];
                }
                score[s] = rounded(sum, 2, 6);
            }
            weigh(score, keep, weight);
            for (unsigned v = h * V; v < (h + 1) * V; v++) {
                int sum = 0;
                for (unsigned s = 0; s < T; s++) {
                    sum += weight[s] * value[s][v];
                }
                context[v] = rounded(sum, 4, 6);
            }
        }
        for (unsigned o = 0; o < C; o++) {
            y[o] = rounded(of_output.sum(context, o), 1, 8);
        }
    }
};

// The softmax under each kind of mask; the others leave the mask's FIFO alone.
template <mask_kind MASK> struct softmax_under {
    template <class C, class in_S, class mask_S, class out_S>
    static void run(in_S &x, mask_S &mask, out_S &y, const ap_uint<1> *) {
        fpga_tf::softmax_rows_masked<C>(x, mask, y, table.exp, table.reciprocal);
    }
};
template <> struct softmax_under<NONE> {
    template <class C, class in_S, class mask_S, class out_S>
    static void run(in_S &x, mask_S &, out_S &y, const ap_uint<1> *) {
        fpga_tf::softmax_rows<C>(x, y, table.exp, table.reciprocal);
    }
};
template <> struct softmax_under<CAUSAL> {
    template <class C, class in_S, class mask_S, class out_S>
    static void run(in_S &x, mask_S &, out_S &y, const ap_uint<1> *keep) {
        fpga_tf::softmax_rows_kept<C>(x, y, table.exp, table.reciprocal, keep);
    }
};

template <unsigned QUERY_DEPTH, unsigned REUSE, bool IN_TURN, mask_kind MASK> struct region {
    typedef dense_config<C, H * K, REUSE, x_t, projected_t> key_config;
    typedef dense_config<C, H * V, REUSE, x_t, projected_t> value_config;
    typedef dense_config<H * V, C, REUSE, context_t, y_t> output_config;
    typedef masked_config<IN_TURN, MASK> softmax_config;

    ap_int<4> query_weight[key_config::n_weights], key_weight[key_config::n_weights];
    ap_int<4> value_weight[value_config::n_weights], output_weight[output_config::n_weights];
    ap_int<6> query_bias[H * K], key_bias[H * K], value_bias[H * V], output_bias[C];
    ap_uint<1> causal[T * T];

    region() {
        of_query.arrange<key_config>(query_weight, query_bias);
        of_key.arrange<key_config>(key_weight, key_bias);
        of_value.arrange<value_config>(value_weight, value_bias);
        of_output.arrange<output_config>(output_weight, output_bias);
        for (unsigned i = 0; i < T * T; i++) {
            causal[i] = i % T <= i / T;
        }
    }

    void check(const int (&x)[T][C], const int (&mask)[softmax_config::mask_rows][T]) {
        using namespace fpga_tf;
        fifo<row<x_t, C>, 1> given("x"), for_query("for query"), for_key("for key"), for_value("for value");
        fifo<row<ap_uint<1>, T>, 1> bits("mask");
        fifo<row<projected_t, H * K>, QUERY_DEPTH> query("query");
        fifo<row<projected_t, H * K>, 1> key("key");
        fifo<row<projected_t, H * V>, 1> value("value");
        fifo<row<score_t, H * T>, 1> scores("scores");
        fifo<row<::weight_t, H * T>, T> weights("weights");
        fifo<row<context_t, H * V>, 1> context("context");
        fifo<row<y_t, C>, 1> y("y");
        FPGA_TF_PROCESS(feed(given, x));
        if (MASK == KEYS || MASK == EACH) {
            FPGA_TF_PROCESS(feed(bits, mask));
        }
        FPGA_TF_PROCESS((fork_rows<shared>(given, for_query, for_key, for_value)));
        FPGA_TF_PROCESS((dense_rows<key_config>(for_query, query, query_weight, query_bias)));
        FPGA_TF_PROCESS((dense_rows<key_config>(for_key, key, key_weight, key_bias)));
        FPGA_TF_PROCESS((dense_rows<value_config>(for_value, value, value_weight, value_bias)));
        FPGA_TF_PROCESS((scores_rows<scores_config<REUSE, IN_TURN>>(query, key, scores)));
        FPGA_TF_PROCESS((softmax_under<MASK>::template run<softmax_config>(scores, bits, weights, causal)));
        FPGA_TF_PROCESS((context_rows<context_config<REUSE, IN_TURN>>(weights, value, context)));
        FPGA_TF_PROCESS((dense_rows<output_config>(context, y, output_weight, output_bias)));
        const reference expected(x);
        for (unsigned t = 0; t < T; t++) {
            int keep[T], row_of_y[C];
            for (unsigned s = 0; s < T; s++) {
                keep[s] = MASK == NONE ? 1 : MASK == CAUSAL ? s <= t : mask[MASK == EACH ? t : 0][s] & 1;
            }
            expected.row(t, keep, row_of_y);
            const row<y_t, C> made = y.read();
            for (unsigned c = 0; c < C; c++) {
                CHECK(::code(made[c]) == row_of_y[c]);
            }
        }
        CHECK(given.size() + for_query.size() + for_key.size() + for_value.size() + query.size() + key.size() == 0);
        CHECK(bits.size() + value.size() + scores.size() + weights.size() + context.size() + y.size() == 0);
    }

    void check_drawn() {
        for (int n = 0; n < 60; n++) {
            run_at_once(n % 2 == 1);
            int x[T][C], mask[softmax_config::mask_rows][T];
            fill(x, 4);
            fill(mask, 1);
            for (unsigned s = 0; s < T && n < 4; s++) { // all keys masked, for some queries or for all
                mask[0][s] = 0;
            }
            check(x, mask);
        }
    }
};

template <unsigned QUERY_DEPTH, unsigned REUSE, bool IN_TURN> void check() {
    region<QUERY_DEPTH, REUSE, IN_TURN, NONE>().check_drawn();
    region<QUERY_DEPTH, REUSE, IN_TURN, CAUSAL>().check_drawn();
    region<QUERY_DEPTH, REUSE, IN_TURN, KEYS>().check_drawn();
    region<QUERY_DEPTH, REUSE, IN_TURN, EACH>().check_drawn();
}

int main(int count, char **) {
    if (count > 1) {
        // two rows more are on their way, one in the projection and one before it
        region<T - 3, 1, false, NONE>().check_drawn();
    }
    check<T, 1, false>();
    check<T, 3, true>();
    check<T, 7, false>();
    check<T - 2, 99, true>();
    return 0;
}
