// Clocks a design. A record of the input is one cycle: a word of control (bit 0 rst, bit 1 in_valid) and the words of
// in_data. After that clock edge out_valid (one word) and the words of out_data are written back.
// Arguments: words of in_data and of out_data.

#include "Vtop.h"
#include "verilated.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <vector>

namespace {

template <class T> void put(T &port, const uint32_t *words, size_t count) {
    if constexpr (std::is_integral<T>::value) {
        port = static_cast<T>(words[0] | (count > 1 ? uint64_t(words[1]) << 32 : 0));
    } else {
        for (size_t i = 0; i < count; i++) {
            port[i] = words[i];
        }
    }
}

template <class T> void get(const T &port, uint32_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if constexpr (std::is_integral<T>::value) {
            words[i] = static_cast<uint32_t>(uint64_t(port) >> (32 * i));
        } else {
            words[i] = port[i];
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3) {
        return 2;
    }
    std::vector<uint32_t> in(1 + strtoul(argv[1], nullptr, 10)), out(1 + strtoul(argv[2], nullptr, 10));
    VerilatedContext context;
    Vtop top{&context};
    while (fread(in.data(), sizeof(uint32_t), in.size(), stdin) == in.size()) {
        top.rst = in[0] & 1;
        top.in_valid = in[0] >> 1 & 1;
        put(top.in_data, in.data() + 1, in.size() - 1);
        top.clk = 0;
        top.eval();
        top.clk = 1;
        top.eval();
        out[0] = top.out_valid;
        get(top.out_data, out.data() + 1, out.size() - 1);
        if (fwrite(out.data(), sizeof(uint32_t), out.size(), stdout) != out.size()) {
            return 1;
        }
    }
    top.final();
    return 0;
}
