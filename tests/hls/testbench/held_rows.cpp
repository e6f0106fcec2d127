#include "fpga_tf/held_rows.h"

#include "check.h"
#include "codes.h"

// 5 inputs, 3 outputs and 2 heads of three rows.
template <unsigned REUSE, bool IN_TURN> struct config : fpga_tf::held_rows_config {
    static const unsigned n_rows = 3;
    static const unsigned n_heads = 2;
    static const unsigned n_in = 5;
    static const unsigned n_out = 3;
    static const unsigned reuse = REUSE;
    static const bool in_turn = IN_TURN;
    typedef ap_fixed<3, 2> in_t;
    typedef ap_fixed<4, 1> held_t;
    typedef ap_fixed<10, 6> accum_t;
    typedef ap_fixed<10, 6> out_t;
};

// Sums of more bits than a machine integer has.
struct wide : config<1, false> {
    typedef ap_fixed<32, 32> in_t;
    typedef ap_fixed<32, 32> held_t;
    typedef ap_fixed<66, 66> accum_t;
    typedef ap_fixed<66, 66> out_t;
};

template <class C> struct streams {
    typedef typename fpga_tf::held_bank<C>::type bank_t;
    typedef fpga_tf::code<typename C::held_t> held_code;
    fpga_tf::fifo<fpga_tf::row<typename C::in_t, 10>, 1> x;
    fpga_tf::fifo<fpga_tf::row<typename C::out_t, 6>, 1> y;
    held_code held[2][bank_t::padded_out][bank_t::padded_in];

    streams() : x("x"), y("y") {
        for (unsigned h = 0; h < 2; h++) {
            for (unsigned o = 0; o < bank_t::padded_out; o++) {
                for (unsigned i = 0; i < bank_t::padded_in; i++) {
                    held[h][o][i] = 0;
                }
            }
        }
    }
};

template <class C> void check_drawn() {
    for (int n = 0; n < 100; n++) {
        int codes[3][10], matrix[6][5];
        fill(codes, 3);
        fill(matrix, 4);
        streams<C> s;
        for (unsigned h = 0; h < 2; h++) {
            for (unsigned o = 0; o < 3; o++) {
                for (unsigned i = 0; i < 5; i++) {
                    s.held[h][o][i] = matrix[3 * h + o][i];
                }
            }
        }
        feed(s.x, codes);
        fpga_tf::held_rows<C>(s.x, s.y, s.held);
        for (unsigned r = 0; r < 3; r++) {
            const fpga_tf::row<typename C::out_t, 6> made = s.y.read();
            for (unsigned j = 0; j < 6; j++) {
                int sum = 0;
                for (unsigned i = 0; i < 5; i++) {
                    sum += codes[r][j / 3 * 5 + i] * matrix[j][i];
                }
                CHECK(code(made[j]) == sum);
            }
        }
        CHECK(s.x.size() == 0 && s.y.size() == 0);
    }
}

void check_wide() {
    streams<wide> s;
    fpga_tf::row<wide::in_t, 10> lowest;
    for (unsigned i = 0; i < 10; i++) {
        lowest[i] = -2147483648.0;
        s.held[i / 5][0][i % 5] = -2147483648LL; // five times 2**62
        s.held[i / 5][1][i % 5] = 2147483647LL;
        s.held[i / 5][2][i % 5] = i % 5 == 0 ? 1 : 0;
    }
    for (unsigned r = 0; r < 3; r++) {
        s.x.write(lowest);
    }
    fpga_tf::held_rows<wide>(s.x, s.y, s.held);
    const ap_int<66> power = ap_int<66>(1) << 62, five = 5 * power;
    const ap_int<66> expected[3] = {five, -five + ap_int<66>(5 * 2147483648LL), ap_int<66>(-2147483648LL)};
    for (unsigned r = 0; r < 3; r++) {
        const fpga_tf::row<wide::out_t, 6> made = s.y.read();
        for (unsigned j = 0; j < 6; j++) {
            CHECK(made[j] == expected[j % 3]);
        }
    }
}

template <unsigned REUSE> void check() {
    check_drawn<config<REUSE, false>>();
    check_drawn<config<REUSE, true>>();
}

int main() {
    check<1>();
    check<2>();
    check<3>();
    check<4>();
    check<5>();
    check<10>();
    check<14>();
    check<15>();
    check<99>();
    check_wide();
    return 0;
}
