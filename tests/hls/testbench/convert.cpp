#include "fpga_tf/convert.h"

#include "check.h"

// Every code of exact_T, against the assignment of ap_fixed.
template <class out_T, class exact_T> void check_each() {
    typedef fpga_tf::number<exact_T> N;
    const int low = N::is_signed ? -(1 << (N::width - 1)) : 0;
    for (int code = low; code < low + (1 << N::width); code++) {
        exact_T exact;
        exact.range(N::width - 1, 0) = ap_uint<N::width>(code);
        const out_T expected = exact;
        CHECK((fpga_tf::converted<out_T, exact_T>(fpga_tf::code<exact_T>(code)) == expected));
    }
}

// The same where no bit is kept. There ap_fixed reads beyond the first one and aborts, so it is given more of them.
template <class out_T, class exact_T> void check_dropped() {
    typedef fpga_tf::number<exact_T> N;
    const int low = N::is_signed ? -(1 << (N::width - 1)) : 0;
    for (int code = low; code < low + (1 << N::width); code++) {
        ap_fixed<32, 32 - N::fraction> exact;
        exact.range(31, 0) = ap_int<32>(code).range(31, 0);
        const out_T expected = exact;
        CHECK((fpga_tf::converted<out_T, exact_T>(fpga_tf::code<exact_T>(code)) == expected));
    }
}

// More digits, fewer and none before the point and behind it.
template <ap_q_mode Q, ap_o_mode O> void check_modes() {
    check_each<ap_fixed<4, 2, Q, O>, ap_fixed<8, 4>>();
    check_each<ap_fixed<4, 2, Q, O>, ap_ufixed<8, 4>>();
    check_each<ap_ufixed<4, 2, Q, O>, ap_fixed<8, 4>>();
    check_each<ap_ufixed<4, 2, Q, O>, ap_ufixed<8, 4>>();
    check_each<ap_fixed<5, 3, Q, O>, ap_fixed<8, 5>>();
    check_each<ap_fixed<6, 2, Q, O>, ap_fixed<6, 3>>();
    check_each<ap_ufixed<9, 3, Q, O>, ap_fixed<6, 4>>();
    check_each<ap_fixed<12, 6, Q, O>, ap_fixed<8, 4>>();
    check_each<ap_fixed<1, 1, Q, O>, ap_fixed<6, 3>>();
    check_each<ap_fixed<3, -1, Q, O>, ap_fixed<7, 1>>();
    check_each<ap_fixed<3, 5, Q, O>, ap_fixed<7, 6>>();
    check_each<ap_fixed<4, 7, Q, O>, ap_fixed<7, 4>>(); // one digit is kept
    check_dropped<ap_fixed<4, 9, Q, O>, ap_fixed<7, 4>>();
    check_dropped<ap_fixed<4, 12, Q, O>, ap_ufixed<6, 4>>();
    check_dropped<ap_ufixed<4, 10, Q, O>, ap_fixed<6, 4>>();
    check_dropped<ap_fixed<4, 4, Q, O>, ap_ufixed<1, -1>>();
}

template <ap_o_mode O> void check_overflow() {
    check_modes<AP_TRN, O>();
    check_modes<AP_TRN_ZERO, O>();
    check_modes<AP_RND, O>();
    check_modes<AP_RND_CONV, O>();
    check_modes<AP_RND_ZERO, O>();
    check_modes<AP_RND_INF, O>();
    check_modes<AP_RND_MIN_INF, O>();
}

// The widest sums on machine integers, and those that are too wide for them.
template <int W> void check_wide() {
    typedef ap_fixed<W, 10> exact_T;
    typedef ap_fixed<12, 9, AP_RND_CONV, AP_SAT> out_T;
    const fpga_tf::integer<W> one = 1, last = (one << (W - 2)) - 1 + (one << (W - 2));
    CHECK((fpga_tf::converted<out_T, exact_T>(last) == 255.875));
    CHECK((fpga_tf::converted<out_T, exact_T>(fpga_tf::integer<W>(-last - 1)) == -256));
    CHECK((fpga_tf::converted<out_T, exact_T>(fpga_tf::integer<W>(one << (W - 14))) == 0)); // 1/16 is a tie
    CHECK((fpga_tf::converted<out_T, exact_T>(fpga_tf::integer<W>((one << (W - 14)) + 1)) == 0.125));
    CHECK((fpga_tf::converted<out_T, exact_T>(fpga_tf::integer<W>(3 * (one << (W - 14)))) == 0.25));
}

int main() {
    check_overflow<AP_SAT>();
    check_overflow<AP_WRAP>();
    check_overflow<AP_SAT_ZERO>();
    check_overflow<AP_SAT_SYM>();
    check_wide<59>();
    check_wide<60>();
    check_wide<61>();
    check_wide<64>();
    check_wide<70>();
    return 0;
}
