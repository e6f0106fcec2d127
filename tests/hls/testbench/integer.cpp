#include "fpga_tf/integer.h"

#include <type_traits>

#include "check.h"

// Every code of a type, there and back.
template <class T> void check_codes() {
    typedef fpga_tf::number<T> N;
    const int low = N::is_signed ? -(1 << (N::width - 1)) : 0;
    for (int code = low; code < low + (1 << N::width); code++) {
        T x;
        x.range(N::width - 1, 0) = ap_uint<N::width>(code);
        CHECK(fpga_tf::code_of(x) == code);
        CHECK(fpga_tf::value_of<T>(fpga_tf::code<T>(code)) == x);
        CHECK(x.to_double() * (N::fraction < 0 ? 1.0 / (1 << -N::fraction) : 1 << N::fraction) == code);
    }
}

template <int W> void check_width() {
    check_codes<ap_int<W>>();
    check_codes<ap_uint<W>>();
    check_codes<ap_fixed<W, W - 2>>();
    check_codes<ap_ufixed<W, W + 3, AP_RND_CONV, AP_SAT>>();
    check_codes<ap_fixed<W, -1, AP_TRN, AP_WRAP>>();
}

template <class a_T, class b_T> void check_product(int a_low, int b_low, int count) {
    for (int a = a_low; a < a_low + count; a++) {
        for (int b = b_low; b < b_low + count; b++) {
            CHECK(fpga_tf::product(a_T(a), b_T(b)) == a * b);
        }
    }
}

int main() {
    check_width<1>();
    check_width<2>();
    check_width<3>();
    check_width<4>();
    check_width<7>();
    check_product<fpga_tf::integer<3>, fpga_tf::integer<3>>(-4, -4, 8);
    check_product<fpga_tf::integer<3>, ap_int<3>>(-4, -4, 8);
    check_product<fpga_tf::integer<3>, ap_uint<3>>(-4, 0, 8);
    check_product<fpga_tf::integer<70>, ap_int<3>>(-4, -4, 8);
    check_product<fpga_tf::integer<70>, ap_uint<3>>(-4, 0, 8);
    check_product<fpga_tf::integer<70>, fpga_tf::integer<70>>(-4, -4, 8);

    // beyond 64 bits it is ap_int in every mode
    static_assert(std::is_same<fpga_tf::integer<65>, ap_int<65>>::value, "wide");
#if defined(__SYNTHESIS__) || defined(FPGA_TF_AP_SUMS)
    static_assert(std::is_same<fpga_tf::integer<64>, ap_int<64>>::value, "as wide as it says");
#else
    static_assert(std::is_same<fpga_tf::integer<64>, long long>::value, "a machine integer");
#endif
    typedef ap_ufixed<70, 10> wide_t;
    wide_t wide = 1023;
    wide[0] = 1;
    CHECK(fpga_tf::value_of<wide_t>(fpga_tf::code_of(wide)) == wide);
    const ap_int<71> expected = (ap_int<71>(1023) << 60) + 1;
    CHECK(fpga_tf::code_of(wide) == expected);
    const ap_int<140> square = fpga_tf::product(ap_int<70>(1LL << 62), ap_int<70>(-(1LL << 62)));
    CHECK(square == -(ap_int<140>(1) << 124));
    CHECK((fpga_tf::value_of<ap_fixed<64, 32>>(fpga_tf::integer<64>(-1)) == ap_fixed<64, 32>(-1.0 / 4294967296)));
    return 0;
}
