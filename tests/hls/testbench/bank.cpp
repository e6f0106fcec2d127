#include "fpga_tf/bank.h"

#include "check.h"

int entry(unsigned o, unsigned i) { return static_cast<int>((o * 5 + i * 3 + o * i) * 11 % 16) - 8; }

// Every row of inputs of two bits, against the matrix; with constants behind another matrix, and with a held one.
template <unsigned N_IN, unsigned N_OUT, unsigned REUSE> void check_bank() {
    typedef fpga_tf::bank<N_IN, N_OUT, REUSE> bank_t;
    typedef fpga_tf::integer<8> sum_t;
    static_assert(bank_t::steps <= REUSE, "the reuse factor must be a bound");
    static_assert(bank_t::steps * bank_t::multipliers >= N_IN * N_OUT, "every product must have its place");
    static_assert(bank_t::groups * bank_t::input_steps == bank_t::steps, "steps are those of all groups");
    static_assert((bank_t::groups - 1) * bank_t::width < N_OUT, "no group may be empty");
    static_assert((bank_t::input_steps - 1) * bank_t::parallel < N_IN, "no step may be without an input");
    static_assert(REUSE > 1 || bank_t::multipliers == N_IN * N_OUT, "without reuse each product has a multiplier");
    static_assert(REUSE < N_IN * N_OUT || bank_t::multipliers == 1, "with full reuse there is one");
    static_assert(N_IN % REUSE != 0 || bank_t::multipliers * REUSE == N_IN * N_OUT, "none idles that need not");

    ap_int<4> constants[2 * bank_t::steps * bank_t::multipliers];
    fpga_tf::integer<4> held[bank_t::padded_out][bank_t::padded_in];
    unsigned next = bank_t::steps * bank_t::multipliers;
    for (unsigned n = 0; n < next; n++) {
        constants[n] = 7; // of a matrix that is not used
    }
    for (unsigned g = 0; g < bank_t::groups; g++) {
        for (unsigned k = 0; k < bank_t::input_steps; k++) {
            for (unsigned o = g * bank_t::width; o < (g + 1) * bank_t::width; o++) {
                for (unsigned i = k * bank_t::parallel; i < (k + 1) * bank_t::parallel; i++) {
                    constants[next] = o < N_OUT && i < N_IN ? entry(o, i) : 0;
                    held[o][i] = constants[next++];
                }
            }
        }
    }
    for (unsigned n = 0; n < 1u << (2 * N_IN); n++) {
        fpga_tf::integer<2> x[bank_t::padded_in];
        int plain[N_IN];
        for (unsigned i = 0; i < bank_t::padded_in; i++) {
            x[i] = 1; // what stands beside the inputs must not matter
            if (i < N_IN) {
                plain[i] = static_cast<int>(n >> (2 * i) & 3) - 2;
                x[i] = plain[i];
            }
        }
        sum_t sum[bank_t::padded_out], other[bank_t::padded_out];
        for (unsigned o = 0; o < bank_t::padded_out; o++) {
            sum[o] = other[o] = o;
        }
        for (unsigned s = 0; s < bank_t::steps; s++) {
            const unsigned g = s / bank_t::input_steps, k = s % bank_t::input_steps;
            fpga_tf::bank_step<bank_t, 2 * bank_t::steps>(bank_t::steps + s, g, k, x, constants, sum);
            fpga_tf::bank_step_held<bank_t>(g, k, x, held, other);
        }
        for (unsigned o = 0; o < N_OUT; o++) {
            int expected = static_cast<int>(o);
            for (unsigned i = 0; i < N_IN; i++) {
                expected += plain[i] * entry(o, i);
            }
            CHECK(sum[o] == expected);
            CHECK(other[o] == expected);
        }
    }
}

// Every reuse factor from 1 to two more than there are products.
template <unsigned N_IN, unsigned N_OUT, unsigned REUSE> struct up_to {
    static void check() {
        up_to<N_IN, N_OUT, REUSE - 1>::check();
        check_bank<N_IN, N_OUT, REUSE>();
    }
};
template <unsigned N_IN, unsigned N_OUT> struct up_to<N_IN, N_OUT, 0> {
    static void check() {}
};

template <unsigned N_IN, unsigned N_OUT> void check_shape() { up_to<N_IN, N_OUT, N_IN * N_OUT + 2>::check(); }

int main() {
    static_assert(fpga_tf::bank<5, 3, 2>::multipliers == 9 && fpga_tf::bank<5, 3, 2>::steps == 2, "halved");
    static_assert(fpga_tf::bank<5, 3, 4>::multipliers == 6 && fpga_tf::bank<5, 3, 4>::steps == 3, "at most four");
    static_assert(fpga_tf::bank<5, 3, 10>::multipliers == 2 && fpga_tf::bank<5, 3, 10>::steps == 10, "in turn");
    static_assert(fpga_tf::bank<2, 5, 8>::multipliers == 2 && fpga_tf::bank<2, 5, 8>::steps == 6, "three turns do");
    static_assert(fpga_tf::bank<5, 3, 99>::multipliers == 1 && fpga_tf::bank<5, 3, 99>::steps == 15, "one for all");
    check_shape<1, 1>();
    check_shape<1, 4>();
    check_shape<4, 1>();
    check_shape<2, 3>();
    check_shape<3, 2>();
    check_shape<3, 3>();
    check_shape<5, 2>();
    check_shape<3, 5>();
    return 0;
}
